"""Write a dataset in the layout of BasicTS 1.1; -h explains every argument."""

import sys

from basicts_elin.cli import main

if __name__ == "__main__":
    sys.exit(main(["prepare", *sys.argv[1:]]))

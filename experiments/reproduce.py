"""Make a table of the paper; -h explains every argument."""

import sys

from basicts_elin.cli import main

if __name__ == "__main__":
    sys.exit(main(["reproduce", *sys.argv[1:]]))

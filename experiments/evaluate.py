"""Evaluate a checkpoint on the test part; -h explains every argument."""

import sys

from basicts_elin.cli import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))

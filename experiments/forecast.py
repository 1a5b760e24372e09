"""Forecast the next steps of a table of measurements; -h explains every argument."""

import sys

from basicts_elin.cli import main

if __name__ == "__main__":
    sys.exit(main(["forecast", *sys.argv[1:]]))

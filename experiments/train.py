"""Train a model on a dataset; -h explains every argument."""

import sys

from basicts_elin.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))

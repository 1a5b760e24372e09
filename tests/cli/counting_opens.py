"""The commands, for a process of its own that counts how often it opens each file under datasets/.

Usage: python counting_opens.py COUNTS.json ARGUMENTS_OF_THE_COMMAND...
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

OPENED: Counter = Counter()


def count(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
        parts = Path(os.fsdecode(arguments[0])).parts
        if "datasets" in parts:
            OPENED[parts[-1]] += 1


if __name__ == "__main__":
    sys.addaudithook(count)
    from basicts_elin.cli import main

    code = main(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(OPENED))
    sys.exit(code)

"""The commands with the catalogue of the tests, for processes of their own."""

import sys
from dataclasses import replace

from data.small_series import FULL, NODES
from tiny import FACTS, NAME

from basicts_elin.cli import main
from basicts_elin.data.catalog import CATALOG

CATALOG[NAME] = FACTS
for name in ("PEMS08", "METR-LA"):
    CATALOG[name] = replace(CATALOG[name], num_nodes=NODES, num_rows=FULL)

if __name__ == "__main__":
    sys.exit(main())

"""The models of the paper's tables that only BasicTS 0.5 has.

A legacy model runs without an entry: `legacy/<Model>/<Dataset>` is found in the user's checkout.
"""

from ..registry import LEGACY, legacy_entry, register

for _name in ("AGCRN", "DCRNN", "GTS", "D2STGNN", "HimNet", "STGCN", "MTGNN", "GWNet", "STWave"):
    register(legacy_entry(LEGACY + _name, paper_name=_name))

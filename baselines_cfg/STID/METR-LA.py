from basicts_elin.host import stid_config

CFG = stid_config("METR-LA")

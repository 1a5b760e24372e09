from basicts_elin.host import stid_config

CFG = stid_config("PEMS-BAY_67")

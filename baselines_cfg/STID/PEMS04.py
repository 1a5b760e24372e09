from basicts_elin.training.protocol.recipe import stid_config

CFG = stid_config("PEMS04")

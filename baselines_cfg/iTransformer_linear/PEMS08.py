from basicts_elin.host import linear_rival_config

CFG = linear_rival_config("iTransformer", "PEMS08")

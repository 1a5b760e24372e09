"""The environment variables of the project."""

# the user's checkout of BasicTS 0.5
ROOT_VARIABLE = "BASICTS_LEGACY_ROOT"
# how many trainings share a device, said to them by who starts them
RUNS_AT_ONCE = "BASICTS_ELIN_RUNS_AT_ONCE"

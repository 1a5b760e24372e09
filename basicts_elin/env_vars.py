"""The environment variables that this package reads."""

# folder of the user's checkout of BasicTS 0.5
ROOT_VARIABLE = "BASICTS_LEGACY_ROOT"
# how many trainings share a device; `reproduce` sets it for the trainings that it starts
RUNS_AT_ONCE = "BASICTS_ELIN_RUNS_AT_ONCE"

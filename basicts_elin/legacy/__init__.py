"""Legacy models: those of BasicTS 0.5, unchanged, from the user's own checkout, as runs of BasicTS 1.1.

`checkout` finds configurations and imports neither torch nor BasicTS. `translation` makes a run of one.
"""

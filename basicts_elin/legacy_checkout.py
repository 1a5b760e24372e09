"""What is said of the baselines of BasicTS 0.5 wherever they are spoken of."""

from .env_vars import ROOT_VARIABLE

CHECKOUT = (
    "a checkout of BasicTS 0.5 (git clone -b v0.5.8 https://github.com/GestaltCogTeam/BasicTS), "
    f"named by --legacy-root FOLDER or {ROOT_VARIABLE}"
)

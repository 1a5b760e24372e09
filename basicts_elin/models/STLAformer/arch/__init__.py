from .stlaformer_arch import STLAformer

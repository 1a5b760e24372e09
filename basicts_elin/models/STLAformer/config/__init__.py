from .stlaformer_config import STLAformerConfig

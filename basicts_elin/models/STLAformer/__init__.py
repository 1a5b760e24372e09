from .arch.stlaformer_arch import STLAformer
from .config.stlaformer_config import STLAformerConfig

from .arch.staeformer_arch import STAEformer
from .config.staeformer_config import STAEformerConfig

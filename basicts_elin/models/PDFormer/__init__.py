from .arch.pdformer_arch import PDFormer
from .config.pdformer_config import PDFormerConfig

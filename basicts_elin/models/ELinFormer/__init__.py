from .arch.elinformer_arch import ELinFormer
from .config.elinformer_config import ELinFormerConfig

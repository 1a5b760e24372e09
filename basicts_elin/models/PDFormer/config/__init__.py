from .pdformer_config import PDFormerConfig

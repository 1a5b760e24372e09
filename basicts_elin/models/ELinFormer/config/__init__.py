from .elinformer_config import ELinFormerConfig

from .staeformer_config import STAEformerConfig

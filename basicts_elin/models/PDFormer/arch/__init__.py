from .pdformer_arch import PDFormer

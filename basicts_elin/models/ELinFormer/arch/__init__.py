from .elinformer_arch import ELinFormer

from .staeformer_arch import STAEformer

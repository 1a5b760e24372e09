from dataclasses import dataclass, field

from ...STAEformer.config.staeformer_config import STAEformerConfig


@dataclass
class ELinFormerConfig(STAEformerConfig):

    """
    Config class for ELinFormer model.
    """

    entropy: str = field(
        default="taylor",
        metadata={"help": "Estimator of the attention entropy: \"taylor\" (the paper's), \"taylor2\", \"gaussian\" or "
                          "\"exact\" (quadratic in the number of nodes)."})
    path: str = field(
        default="auto",
        metadata={"help": "How attention is computed: \"auto\", \"reference\", \"quadratic\", \"linear\" "
                          "or \"gram\"."})
    eps: float = field(default=1e-8, metadata={"help": "Added to the sharpness of the attention weights."})

from dataclasses import dataclass, field

from basicts.configs import BasicTSModelConfig


@dataclass
class STLAformerConfig(BasicTSModelConfig):

    """
    Config class for STLAformer model.
    """

    input_len: int = field(default=None, metadata={"help": "Input sequence length, 4 or more."})
    output_len: int = field(default=None, metadata={"help": "Output sequence length."})
    num_features: int = field(default=None, metadata={"help": "Number of features (nodes), 4 or more."})
    num_time_in_day: int = field(default=288, metadata={"help": "Number of timestamps in a day."})
    num_day_in_week: int = field(default=7, metadata={"help": "Number of days in a week."})
    hidden_size: int = field(
        default=64,
        metadata={"help": "Hidden size, even. One half embeds value and time, the other half the time of week."})
    intermediate_size: int = field(default=256, metadata={"help": "Intermediate size of FFN layers."})
    n_heads: int = field(default=4, metadata={"help": "Number of attention heads."})
    num_layers: int = field(default=6, metadata={"help": "Number of layers."})
    hidden_act: str = field(default="relu", metadata={"help": "Activation function of FFN layers."})
    dropout: float = field(default=0.1, metadata={"help": "Dropout rate of the residual branches."})
    slot_rule: str = field(
        default="exact",
        metadata={"help": "Row of the time of week embedding: \"exact\", or \"float32\" for the published weights, "
                          "which were trained with a product truncated in float32 (11 of 2016 slots one row low)."})

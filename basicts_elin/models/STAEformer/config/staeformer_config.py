from dataclasses import dataclass, field

from basicts.configs import BasicTSModelConfig


@dataclass
class STAEformerConfig(BasicTSModelConfig):

    """
    Config class for STAEformer model.
    """

    input_len: int = field(default=None, metadata={"help": "Input sequence length."})
    output_len: int = field(default=None, metadata={"help": "Output sequence length."})
    num_features: int = field(default=None, metadata={"help": "Number of features (nodes)."})
    num_time_in_day: int = field(default=288, metadata={"help": "Number of timestamps in a day."})
    num_day_in_week: int = field(default=7, metadata={"help": "Number of days in a week."})
    input_hidden_size: int = field(default=24, metadata={"help": "Hidden size of the input embedding."})
    tid_hidden_size: int = field(default=24, metadata={"help": "Hidden size of time of day embedding."})
    diw_hidden_size: int = field(default=24, metadata={"help": "Hidden size of day of week embedding."})
    adaptive_hidden_size: int = field(
        default=80, metadata={"help": "Hidden size of the adaptive embedding of each (step, node)."})
    intermediate_size: int = field(default=256, metadata={"help": "Intermediate size of FFN layers."})
    n_heads: int = field(default=4, metadata={"help": "Number of attention heads."})
    num_layers: int = field(default=3, metadata={"help": "Number of temporal and of spatial attention layers."})
    hidden_act: str = field(default="relu", metadata={"help": "Activation function of FFN layers."})
    dropout: float = field(default=0.1, metadata={"help": "Dropout rate of the residual branches."})

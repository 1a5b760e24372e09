from dataclasses import dataclass, field

from basicts.configs import BasicTSModelConfig


@dataclass
class PDFormerConfig(BasicTSModelConfig):

    """
    Config class for PDFormer model.
    """

    input_len: int = field(default=None, metadata={"help": "Input sequence length."})
    output_len: int = field(default=None, metadata={"help": "Output sequence length."})
    num_features: int = field(default=None, metadata={"help": "Number of features (nodes)."})
    num_day_in_week: int = field(default=7, metadata={"help": "Number of days in a week."})
    hidden_size: int = field(default=64, metadata={"help": "Hidden size of the encoder."})
    intermediate_size: int = field(default=256, metadata={"help": "Intermediate size of FFN layers."})
    skip_size: int = field(default=256, metadata={"help": "Hidden size of the sum over the layers."})
    n_geographic_heads: int = field(default=4, metadata={"help": "Attention heads over geographic neighbors."})
    n_semantic_heads: int = field(default=2, metadata={"help": "Attention heads over semantic neighbors."})
    n_temporal_heads: int = field(default=2, metadata={"help": "Attention heads over the steps of a node."})
    num_layers: int = field(default=6, metadata={"help": "Number of encoder layers."})
    hidden_act: str = field(default="gelu", metadata={"help": "Activation function of FFN layers."})
    drop_path: float = field(
        default=0.3, metadata={"help": "Rate of stochastic depth in the last layer. It rises linearly from 0."})
    num_laplacian: int = field(default=8, metadata={"help": "Number of eigenvectors in the code of a node."})
    num_patterns: int = field(default=16, metadata={"help": "Number of pattern keys."})
    pattern_len: int = field(default=3, metadata={"help": "Steps of a pattern."})
    max_hops: int = field(
        default=5, metadata={"help": "Nodes this many links apart, or more, are no geographic neighbors."})
    num_semantic: int = field(
        default=5, metadata={"help": "Number of semantic neighbors of a node, itself included."})
    pattern_days: int = field(
        default=14, metadata={"help": "Days at the start of the training part that the pattern keys come from."})

"""What models compute from the graph and the training part before training."""

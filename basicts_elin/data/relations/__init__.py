"""What models take from the graph and the training part before they are trained."""

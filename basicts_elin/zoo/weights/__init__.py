"""Published weights of models: read, renamed, and put into the folder of a run."""

"""A forecaster from the folder of a run, and in a folder of its own."""

"""Arrays without column names: `.npy`, `.npz`, and those of an `.h5` file."""

from miniature import adjacency, checkout, edit, real_root  # noqa: F401  fixtures

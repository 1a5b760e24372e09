"""The entries of the registry, one file per model. Every module here is imported when a name is looked up first."""

"""Tables of any file: which column is what, and the series that they give."""

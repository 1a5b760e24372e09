"""Text tables: CSV with any separator, encoding and compression."""

"""A table of measurements on its way into a model, and forecasts on their way into a table."""

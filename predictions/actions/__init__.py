"""The use cases of asking a model for a time."""

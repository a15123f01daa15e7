"""The REST doors of data, runs and models."""

"""The REST doors of predictions."""

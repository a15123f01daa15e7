"""Data, features, training, evaluation and the register of model versions."""

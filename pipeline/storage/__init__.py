"""The edge: downloads, files, hashes, atomic output, model files."""

"""Frames and parameters in, frames and numbers out: no Django, settings, clock, files or network."""

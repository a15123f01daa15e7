"""The use cases, one module each: read through storage, compute in core, write through storage."""

"""Hashes and records of files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.core.results import FileRecord


def sha256_of(path: Path) -> str:
    """SHA-256 of the file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def file_record(name: str, path: Path, *, source: str = "", is_sample: bool = False) -> FileRecord:
    """Size and SHA-256 of one file, for the record of a run. `name` is the role that the file plays."""
    return FileRecord(
        name=name,
        path=str(path),
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        source=source,
        is_sample=is_sample,
    )

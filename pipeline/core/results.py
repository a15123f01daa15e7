"""What a step hands back: rows in and out, rejects by reason, figures, files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class FileRecord:
    """One file read or written: where it lies, how large it is, and its SHA-256."""

    name: str  # its role, such as "incident" or "global_data.csv"
    path: str
    bytes: int
    sha256: str
    source: str = ""  # the URL it was fetched from, if any
    is_sample: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class StepResult:
    """What one step did. `rejects` maps reason → rows; `metrics` name → number; `details` whatever a page shows."""

    rows_in: int | None = None
    rows_out: int | None = None
    rejects: Mapping[str, int] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    inputs: tuple[FileRecord, ...] = ()
    outputs: tuple[FileRecord, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    is_sample: bool = False

"""Several files put in place together or not at all, whatever moment the process is killed at.

Files are written into a staging folder below `.staging/`. A commit first writes down, durably, which staged file goes
where; then it renames; then it removes the note. A process killed before the note leaves staging that is thrown
away, one killed after it leaves a note that is carried out to the end: `recover` does both.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

STAGING = ".staging"
WRITTEN = ".written"  # one empty file for each owner whose output is in place but whose record may not say so yet
JOURNAL = "journal.json"


@dataclass(frozen=True)
class Recovered:
    """What was done with the staging of a dead owner: carried out to the end, or thrown away."""

    owner: str
    completed: bool


class OutputSet:
    """Staged files of one owner, such as "run-12", in one folder.

    >>> with OutputSet(folder, "run-12") as out:  # doctest: +SKIP
    ...     write(out.path("incident_data.csv"))
    ...     out.commit()
    """

    def __init__(self, folder: Path, owner: str) -> None:
        self.folder, self.owner = folder, owner
        self.staging = folder / STAGING / owner
        self.names: list[str] = []

    def __enter__(self) -> OutputSet:
        shutil.rmtree(self.staging, ignore_errors=True)
        self.staging.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.staging, ignore_errors=True)

    def path(self, name: str) -> Path:
        """Where to write the file that will be `folder / name`; sub-folders are made."""
        if name not in self.names:
            self.names.append(name)
        staged = self.staging / "files" / name
        staged.parent.mkdir(parents=True, exist_ok=True)
        return staged

    def commit(self) -> list[Path]:
        """Put every staged file in place. Raises FileNotFoundError where one was announced but not written."""
        for name in self.names:
            _sync(self.staging / "files" / name)
        journal = self.staging / JOURNAL
        draft = journal.with_suffix(".draft")
        draft.write_text(json.dumps(self.names))
        _sync(draft)
        draft.replace(journal)
        _sync(self.staging)
        _carry_out(self.folder, self.staging, self.owner)
        return [self.folder / name for name in self.names]


def _sync(path: Path) -> None:
    """Make what was written to a file, or the names in a folder, survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _carry_out(folder: Path, staging: Path, owner: str) -> None:
    """Do what the journal says; what an earlier try has already renamed is passed over."""
    names: list[str] = json.loads((staging / JOURNAL).read_text())
    written = folder / WRITTEN / owner
    written.parent.mkdir(exist_ok=True)
    written.touch()
    for name in names:
        staged, target = staging / "files" / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if staged.exists():
            staged.replace(target)
            _sync(target.parent)
    (staging / JOURNAL).unlink()


def recover(folder: Path, *, is_alive: Callable[[str], bool]) -> list[Recovered]:
    """Finish or clear away the staging of every owner in `folder` that is not alive."""
    recovered = []
    for staging in sorted((folder / STAGING).glob("*")):
        if is_alive(staging.name):
            continue
        completed = (staging / JOURNAL).exists()
        if completed:
            _carry_out(folder, staging, staging.name)
        shutil.rmtree(staging, ignore_errors=True)
        recovered.append(Recovered(staging.name, completed))
    return recovered


def was_written(folders: Sequence[Path], owner: str) -> bool:
    """Whether the output of `owner` was put in place."""
    return any((folder / WRITTEN / owner).exists() for folder in folders)


def forget(folders: Sequence[Path], owner: str) -> None:
    """Drop the mark of an owner whose record tells the truth by now."""
    for folder in folders:
        (folder / WRITTEN / owner).unlink(missing_ok=True)

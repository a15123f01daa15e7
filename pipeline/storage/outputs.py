"""Several files put in place together or not at all, whatever moment the process is killed at.

Files are written into a staging folder below `.staging/`. A commit is a write-ahead journal: it first writes down,
durably, which staged file goes where, then renames, then removes the journal. Before the journal is there nothing has
changed, and a roll-back throws the staging away. Once it is there, the commit only rolls forward: by the process itself
where it is interrupted, by `recover` where it was killed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType

from pipeline.storage.durable import make_folder, sync

STAGING = ".staging"
WRITTEN = ".written"  # one empty file for each owner whose output is in place but whose record may not say so yet
JOURNAL = "journal.json"


@dataclass(frozen=True)
class Recovered:
    """What was done with the staging of a dead owner: carried out to the end, or thrown away."""

    owner: str
    completed: bool


class OutputSet:
    """Staged files of one owner, such as "run-12", in one folder. An owner enters it in one process at a time.

    >>> with OutputSet(folder, "run-12") as out:  # doctest: +SKIP
    ...     write(out.path("incident_data.csv"))
    ...     out.commit()
    """

    def __init__(self, folder: Path, owner: str) -> None:
        self.folder, self.owner = folder, owner
        self.staging = folder / STAGING / owner
        self.names: list[str] = []

    def __enter__(self) -> OutputSet:
        # The same owner may have been killed in the middle of its commit and be on its second try.
        _settle(self.folder, self.staging)
        self.staging.mkdir(parents=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A commit that an interrupt or a fault broke off goes on. Where even that fails the journal stays, for
        # `recover`, and what broke off the commit is what the caller hears of.
        with suppress(OSError):
            _settle(self.folder, self.staging)

    def path(self, name: str) -> Path:
        """Where to write the file that will be `folder / name`; sub-folders are made. ValueError for a name outside."""
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or not place.parts or place.parts[0] in (STAGING, WRITTEN):
            raise ValueError(f"{name!r} is no name of an output in a folder")
        if name not in self.names:
            self.names.append(name)
        staged = self.staging / "files" / name
        staged.parent.mkdir(parents=True, exist_ok=True)
        return staged

    def commit(self) -> list[Path]:
        """Put every staged file in place.

        Raises FileNotFoundError where one was announced but not written, and IsADirectoryError where a folder stands
        in its place; nothing has changed then.
        """
        for name in self.names:
            self._prepare(name)
        draft = self.staging / "journal.draft"
        draft.write_text(json.dumps(self.names))
        sync(draft)
        for place in (self.staging, self.staging.parent, self.folder):
            sync(place)
        draft.replace(self.staging / JOURNAL)
        sync(self.staging)
        _carry_out(self.folder, self.staging)
        return [self.folder / name for name in self.names]

    def _prepare(self, name: str) -> None:
        """Find out what could go wrong before the journal makes it final."""
        staged, target = self.staging / "files" / name, self.folder / name
        sync(staged)
        for place in staged.relative_to(self.staging).parents:
            sync(self.staging / place)
        if target.is_dir():
            raise IsADirectoryError(f"{target} is a folder")
        make_folder(target.parent)


def _settle(folder: Path, staging: Path) -> bool:
    """Carry out the journal, if there is one, and clear the staging away; whether there was one."""
    has_journal = (staging / JOURNAL).exists()
    if has_journal:
        _carry_out(folder, staging)
    shutil.rmtree(staging, ignore_errors=True)
    return has_journal


def _carry_out(folder: Path, staging: Path) -> None:
    """Do what the journal says. What an earlier try, or somebody who recovers at the same time, has done stays done."""
    try:
        names: list[str] = json.loads((staging / JOURNAL).read_text())
    except FileNotFoundError:
        return
    make_folder(folder / WRITTEN)
    (folder / WRITTEN / staging.name).touch()
    sync(folder / WRITTEN)
    for name in names:
        target = folder / name
        make_folder(target.parent)
        with suppress(FileNotFoundError):
            (staging / "files" / name).replace(target)
    for place in {(folder / name).parent for name in names}:
        sync(place)
    (staging / JOURNAL).unlink(missing_ok=True)


def recover(folder: Path, *, is_alive: Callable[[str], bool]) -> list[Recovered]:
    """Finish or clear away the staging of every owner in `folder` that is not alive.

    Safe to repeat, to be killed in, and to run in several processes at once. A living owner's staging is left alone.
    """
    dead = [place for place in sorted((folder / STAGING).glob("*")) if place.is_dir() and not is_alive(place.name)]
    return [Recovered(place.name, _settle(folder, place)) for place in dead]


def was_written(folders: Sequence[Path], owner: str) -> bool:
    """Whether the output of `owner` was put in place."""
    return any((folder / WRITTEN / owner).exists() for folder in folders)


def forget(folders: Sequence[Path], owner: str) -> None:
    """Drop the mark of an owner whose record tells the truth by now."""
    for folder in folders:
        (folder / WRITTEN / owner).unlink(missing_ok=True)

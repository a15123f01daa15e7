"""Locks that a dying process frees by itself: one for each living run, one for each output that a step writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


def _lock(folder: Path, name: str) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    # Not per thread: a run may be watched from another thread of the same process.
    return FileLock(folder / f"{name}.lock", thread_local=False, is_singleton=False)


@contextmanager
def held(folder: Path, name: str, *, wait_seconds: float = 0) -> Iterator[bool]:
    """Hold the lock `name` while the block runs; yields False where another holder kept it for `wait_seconds`."""
    lock = _lock(folder, name)
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_held(folder: Path, name: str) -> bool:
    """Whether a living process holds the lock `name`."""
    if not (folder / f"{name}.lock").exists():
        return False
    lock = _lock(folder, name)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def forget(folder: Path, name: str) -> None:
    """Remove the lock file of something that will never be locked again."""
    (folder / f"{name}.lock").unlink(missing_ok=True)

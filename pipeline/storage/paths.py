"""Confines paths that a client names to the folder they are meant for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.core.errors import PathError

MAX_PATH_LENGTH = 1_000


def confine(named: str, root: Path, *, base: Path, suffixes: Sequence[str]) -> Path:
    """The absolute path that `named` means, inside `root`.

    Relative paths start at `base` (the project's folder, as in `./data/global_data.csv`), or at `root` when that is
    where they fit. Nothing is read or written. Raises PathError for whatever resolves outside `root`, by `..`, an
    absolute path or a symbolic link, for a folder, and for a name that does not end in one of `suffixes`.
    """
    if not named or not named.strip():
        raise _refused(named, "it is empty")
    if len(named) > MAX_PATH_LENGTH:
        raise _refused(named[:40] + "…", f"it is longer than {MAX_PATH_LENGTH} characters")
    if not named.isprintable():
        raise _refused(repr(named), "it holds characters that cannot be printed")
    if not named.endswith(tuple(suffixes)):
        raise _refused(named, f"its name does not end in {' or '.join(suffixes)}")
    try:
        home = root.resolve()
        candidates = [(start / named).resolve() for start in (base, root)]
        inside = [candidate for candidate in candidates if home in candidate.parents]
        if not inside:
            raise _refused(named, f"it leads outside the folder {root.name}")
        if inside[0].is_dir() or (inside[0].exists() and not inside[0].is_file()):
            raise _refused(named, "it is not a file")
    except (OSError, RuntimeError, ValueError):
        # Names that the file system refuses, and links that lead in circles.
        raise _refused(named, "it cannot be resolved") from None
    return inside[0]


def _refused(named: str, why: str) -> PathError:
    return PathError(
        f"The path {named} cannot be used: {why}.",
        hint="Name a file inside the configured data folder (for data) or model folder (for models and encoders).",
        fields={"path": why},
    )

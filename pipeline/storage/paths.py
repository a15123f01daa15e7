"""Confines paths that a client names to the folder they are meant for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.core.errors import PathError

MAX_PATH_LENGTH = 1_000


def confine(named: str, root: Path, *, known_as: str, suffixes: Sequence[str]) -> Path:
    """The absolute path that `named` means, inside `root`.

    A bare file name lies in `root`; a relative path begins with the folder's name or with `known_as`, its usual one, as
    in `./data/global_data.csv`; an absolute path must lie inside. Nothing is read or written. Raises PathError for
    whatever resolves outside `root`, by `..`, an absolute path or a symbolic link, for a folder, and for a name that
    does not end in one of `suffixes`.
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
        found = _placed(Path(named), root, known_as).resolve()
        if root.resolve() not in found.parents:
            raise _refused(named, f"it leads outside the folder {known_as}")
        if found.exists() and not found.is_file():
            raise _refused(named, "it is not a file")
    except (OSError, RuntimeError, ValueError):
        # Names that the file system refuses, and links that lead in circles.
        raise _refused(named, "it cannot be resolved") from None
    return found


def _placed(named: Path, root: Path, known_as: str) -> Path:
    if named.is_absolute() or len(named.parts) == 1:
        return root / named
    first, *rest = named.parts
    return root.joinpath(*rest) if first in (known_as, root.name) else root.parent / named


def _refused(named: str, why: str) -> PathError:
    return PathError(
        f"The path {named} cannot be used: {why}.",
        hint="Name a file inside the configured data folder (for data) or model folder (for models and encoders).",
        fields={"path": why},
    )

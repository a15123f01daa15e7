"""Confines paths that a client names to the folder they are meant for."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePath

from pipeline.core.errors import PathError

MAX_PATH_LENGTH = 1_000
MAX_SHOWN_LENGTH = 80


def confine(named: str, root: Path, *, known_as: str, suffixes: Sequence[str]) -> Path:
    """The absolute path that `named` means, inside `root`.

    A bare file name lies in `root`; a relative path begins with the folder's name or with `known_as`, its usual one, as
    in `./data/global_data.csv`; an absolute path must lie inside. Nothing is read or written. Raises PathError for
    whatever resolves outside `root`, by `..`, an absolute path or a symbolic link, for folders, devices and the hidden
    folders in which unfinished work lies, for characters that mean one thing to a reader and another to a system, and
    for a name that does not end in one of `suffixes`.
    """
    why = _ill_named(named, suffixes)
    if why:
        raise _refused(named, why)
    try:
        top = root.resolve()
        found = _placed(Path(named), root, known_as).resolve()
        if top not in found.parents:
            raise _refused(named, f"it leads outside the folder {known_as}")
        if any(part.startswith(".") for part in found.relative_to(top).parts):
            raise _refused(named, "it leads to a hidden file or folder")
        if found.exists() and not found.is_file():
            raise _refused(named, "it is not a file")
    except (OSError, RuntimeError, ValueError):
        # Names that the file system refuses, and links that lead in circles.
        raise _refused(named, "it cannot be resolved") from None
    return found


def _ill_named(named: str, suffixes: Sequence[str]) -> str:
    """What is wrong with the words alone, before the file system is asked; empty where nothing is."""
    if not named.strip():
        return "it is empty"
    if len(named) > MAX_PATH_LENGTH:
        return f"it is longer than {MAX_PATH_LENGTH} characters"
    if not named.isprintable():
        return "it holds characters that cannot be printed"
    if "\\" in named:
        return "it holds a backslash: write / between folders"
    if _separators(unicodedata.normalize("NFKC", named)) != _separators(named):
        return "it holds look-alikes of full stops or slashes"
    if not named.endswith(tuple(suffixes)) or PurePath(named).name in suffixes:
        return f"its name does not end in {' or '.join(suffixes)}"
    return ""


def _separators(text: str) -> list[int]:
    return [text.count(character) for character in "./\\:"]


def _placed(named: Path, root: Path, known_as: str) -> Path:
    if named.is_absolute() or len(named.parts) == 1:
        return root / named
    first, *rest = named.parts
    return root.joinpath(*rest) if first in (known_as, root.name) else root.parent / named


def _refused(named: str, why: str) -> PathError:
    shown = named if named.isprintable() else ascii(named)
    shown = shown if len(shown) <= MAX_SHOWN_LENGTH else shown[:MAX_SHOWN_LENGTH] + "…"
    return PathError(
        f"The path {shown} cannot be used: {why}.",
        hint="Name a file inside the configured data folder (for data) or model folder (for models and encoders).",
        fields={"path": why},
    )

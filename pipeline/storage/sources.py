"""Finds the source files: downloaded from an address, used in place from a path, or dropped into a folder.

Which of these counts is one rule. Files dropped into the folder for incoming files take the place of the configured
sources of their kind, incidents or mobilisations, which their header tells: whoever puts a file there means it to be
used, and to mix it with the publisher's would count the same incidents twice. The other kind keeps its sources.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import requests
import urllib3

from pipeline.core.errors import SourceError
from pipeline.core.progress import Progress, silent
from pipeline.storage.downloads import DownloadOptions, FetchedFile, download, open_session, place_of
from pipeline.storage.hashing import sha256_of
from pipeline.storage.sniffing import HEAD_BYTES, kind_of, require_whole
from pipeline.storage.source_faults import SETTINGS, shown

__all__ = [
    "DownloadOptions", "FetchedFile", "dropped_files", "fetch", "gather", "is_url", "place_of", "reachable", "shown",
]  # fmt: skip

SUFFIXES = (".xlsx", ".csv", ".csv.gz", ".gz", ".zip")
TABLE_KINDS = ("csv", "zip", "gzip")
USUAL_PATIENCE = DownloadOptions()


def is_url(source: str) -> bool:
    return "://" in source


def dropped_files(folder: Path) -> list[Path]:
    """Table files that somebody put into `folder`, by name; not the hidden companions that systems leave beside them."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        # Excel keeps "~$name.xlsx" beside an open workbook, macOS "._name.xlsx" beside a copied one.
        if path.name.lower().endswith(SUFFIXES) and not path.name.startswith((".", "~$")) and path.is_file()
    )


def gather(
    sources: Sequence[str], folder: Path, *, options: DownloadOptions = USUAL_PATIENCE, progress: Progress = silent
) -> list[FetchedFile]:
    """Every source, in order; all of them, or a SourceError that names the one that failed."""
    if not sources:
        raise SourceError("No source is set.", code="no_source", hint=f"Set {SETTINGS}.")
    return [fetch(source, folder, options=options, progress=progress) for source in sources]


def fetch(
    source: str, folder: Path, *, options: DownloadOptions = USUAL_PATIENCE, progress: Progress = silent
) -> FetchedFile:
    """One source file: downloaded into `folder` where it is a URL and has changed, used in place where it is a path."""
    if is_url(source):
        return download(source, folder, options, progress)
    path = Path(source).expanduser()
    _require_readable(path, source)
    require_whole(path)
    return FetchedFile(path, source, "local", path.stat().st_size, 0, 0.0, sha256_of(path))


def _require_readable(path: Path, source: str) -> None:
    hint = f"Check the path in {SETTINGS}."
    if path.is_dir():
        raise SourceError(f"{source} is a folder, not a file.", code="local_file_missing", hint=hint)
    if not path.is_file():
        raise SourceError(f"The file {source} does not exist.", code="local_file_missing", hint=hint)
    if not os.access(path, os.R_OK):
        raise SourceError(
            f"The file {source} may not be read.", code="local_file_unreadable", hint="Ask its owner for the right to."
        )


def reachable(url: str, timeout: float) -> bool:
    """Whether the first bytes of a table can be had from `url` within `timeout` seconds, name look-up and all."""
    found = threading.Event()
    # The look-up of a name cannot be timed out from within: a thread that takes too long is left to end by itself.
    asking = threading.Thread(target=_ask_for_head, args=(url, timeout, found), daemon=True)
    asking.start()
    asking.join(timeout)
    return found.is_set()


def _ask_for_head(url: str, timeout: float, found: threading.Event) -> None:
    """Set `found` where the address answers with the beginning of a table, and not with a web page or a message."""
    try:
        with (
            open_session(retries=0, backoff=0) as session,
            session.get(url, headers={"Range": f"bytes=0-{HEAD_BYTES - 1}"}, stream=True, timeout=timeout) as answer,
        ):
            if answer.ok and kind_of(next(answer.iter_content(HEAD_BYTES), b"")) in TABLE_KINDS:
                found.set()
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
        return

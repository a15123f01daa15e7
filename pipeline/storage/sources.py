"""Finds or downloads the source files; the last good copy stays until a new one is whole."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from pipeline.core.errors import PipelineError, SourceError
from pipeline.core.progress import Progress, silent
from pipeline.storage.sniffing import require_whole

SUFFIXES = (".xlsx", ".csv", ".csv.gz", ".gz", ".zip")
MOVED_HINT = (
    "The publisher changes its addresses: open the data set's page, copy the file's own link, "
    "and set LFB_INCIDENT_SOURCES or LFB_MOBILISATION_SOURCES."
)
AGAIN_HINT = "Start again later: what has arrived is kept and the download goes on from there."


@dataclass(frozen=True)
class DownloadOptions:
    """How patient a download is. Times in seconds."""

    connect_timeout: float = 15
    read_timeout: float = 60  # the longest silence between two pieces
    retries: int = 4
    backoff: float = 1.0  # pauses of 1, 2, 4, 8 s, and some chance on top
    max_bytes: int = 4 * 2**30
    piece_bytes: int = 2**16


@dataclass(frozen=True)
class FetchedFile:
    """One source file at hand. `status`: downloaded, resumed, unchanged or local."""

    path: Path
    source: str
    status: str
    expected_bytes: int
    downloaded_bytes: int
    duration_seconds: float

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size


def is_url(source: str) -> bool:
    return "://" in source


def shown(source: str) -> str:
    """The source without user name and password, fit for logs and records."""
    if not is_url(source):
        return source
    parts = urlsplit(source)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def dropped_files(folder: Path) -> list[Path]:
    """Table files that somebody put into `folder`, by name."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().endswith(SUFFIXES))


def gather(
    sources: Sequence[str], folder: Path, *, options: DownloadOptions = DownloadOptions(), progress: Progress = silent
) -> list[FetchedFile]:
    """Every source, in order; all of them, or a SourceError that names the one that failed."""
    if not sources:
        raise SourceError(
            "No source is set.", code="no_source", hint="Set LFB_INCIDENT_SOURCES and LFB_MOBILISATION_SOURCES."
        )
    return [fetch(source, folder, options=options, progress=progress) for source in sources]


def fetch(
    source: str, folder: Path, *, options: DownloadOptions = DownloadOptions(), progress: Progress = silent
) -> FetchedFile:
    """One source file: downloaded into `folder` where it is a URL and has changed, used in place where it is a path."""
    if is_url(source):
        return _download(source, folder, options, progress)
    path = Path(source).expanduser()
    if not path.is_file():
        raise SourceError(
            f"The file {source} does not exist.",
            code="local_file_missing",
            hint="Check the path in LFB_INCIDENT_SOURCES or LFB_MOBILISATION_SOURCES.",
        )
    require_whole(path)
    return FetchedFile(path, source, "local", path.stat().st_size, 0, 0.0)


def reachable(url: str, timeout: float) -> bool:
    """Whether the first bytes of `url` can be had within about `timeout` seconds."""
    try:
        with _session(DownloadOptions(retries=0)) as session, session.get(url, stream=True, timeout=timeout) as answer:
            return answer.ok and bool(next(answer.iter_content(64), b""))
    except requests.RequestException:
        return False


def _session(options: DownloadOptions) -> requests.Session:
    retry = Retry(
        total=options.retries,
        redirect=10,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("GET",),
        backoff_factor=options.backoff,
        backoff_jitter=options.backoff,
        respect_retry_after_header=True,
        retry_after_max=60,
        raise_on_status=False,
    )
    session = requests.Session()
    # Only the web: no adapter means that a redirect to file: or ftp: ends in an error.
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    # A packed body has another length than the file, and cannot be resumed.
    session.headers.update({"Accept-Encoding": "identity", "User-Agent": "lfb-attendance-times/0.1"})
    return session


@dataclass(frozen=True)
class _Place:
    """Where one URL's file lies, its unfinished part, and what the server said of it."""

    path: Path

    @property
    def part(self) -> Path:
        return self.path.with_name(self.path.name + ".part")

    @property
    def notes(self) -> Path:
        return self.path.with_name(self.path.name + ".meta.json")

    def read_notes(self) -> dict[str, Any]:
        try:
            notes = json.loads(self.notes.read_text())
        except (OSError, ValueError):
            return {}
        return notes if isinstance(notes, dict) else {}

    def write_notes(self, notes: Mapping[str, Any]) -> None:
        draft = self.notes.with_name(self.notes.name + ".draft")
        draft.write_text(json.dumps(notes, indent=2))
        draft.replace(self.notes)


def place_of(url: str, folder: Path) -> Path:
    """The file that `url` is kept in: its own safe name behind a short hash, so that equal names do not collide."""
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[-80:] or "file"
    return folder / f"{hashlib.sha256(url.encode()).hexdigest()[:8]}-{safe}"


def _download(url: str, folder: Path, options: DownloadOptions, progress: Progress) -> FetchedFile:
    if urlsplit(url).scheme not in ("http", "https"):
        raise SourceError(
            f"{shown(url)} is not an address that can be fetched: wanted http:// or https://.",
            code="source_not_allowed",
        )
    folder.mkdir(parents=True, exist_ok=True)
    place, started, received = _Place(place_of(url, folder)), time.monotonic(), 0
    with _session(options) as session:
        for attempt in range(options.retries + 1):
            try:
                answer = _Transfer(session, url, place, options, progress)
                status = answer.run()
                received += answer.received
                return FetchedFile(
                    place.path, shown(url), status, answer.expected, received, time.monotonic() - started
                )
            except (
                requests.ConnectionError,
                requests.Timeout,
                requests.exceptions.ChunkedEncodingError,
                _IncompleteError,
            ) as error:
                received += answer.received
                if attempt == options.retries:
                    raise _explained(error, url) from error
                time.sleep(options.backoff * 2**attempt)
            except requests.RequestException as error:
                raise _explained(error, url) from error
    raise AssertionError("unreachable")


class _IncompleteError(Exception):
    """Fewer bytes came than the server promised."""


def _explained(error: Exception, url: str) -> PipelineError:
    where = shown(url)
    if isinstance(error, requests.exceptions.InvalidSchema | requests.exceptions.InvalidURL):
        return SourceError(
            f"{where} leads to an address that cannot be fetched.", code="source_not_allowed", hint=MOVED_HINT
        )
    if isinstance(error, requests.TooManyRedirects):
        return SourceError(f"{where} is redirected in a circle.", code="source_redirects", hint=MOVED_HINT)
    if isinstance(error, _IncompleteError | requests.exceptions.ChunkedEncodingError):
        return SourceError(f"{where} broke off again and again: {error}.", code="source_truncated", hint=AGAIN_HINT)
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return SourceError(f"{where} did not answer in time.", code="source_timeout", hint=AGAIN_HINT)
    return SourceError(
        f"{where} cannot be reached.",
        code="source_unreachable",
        hint="Check the network, then " + AGAIN_HINT[0].lower() + AGAIN_HINT[1:],
    )


class _Transfer:
    """One request for one file, going on from the part that is there."""

    def __init__(
        self, session: requests.Session, url: str, place: _Place, options: DownloadOptions, progress: Progress
    ) -> None:
        self.session, self.url, self.place, self.options, self.progress = session, url, place, options, progress
        self.received = self.expected = 0

    def run(self) -> str:
        """Fetch what is missing and put the whole file in place; "unchanged" where the server says so."""
        notes, offset = self.place.read_notes(), self._offset()
        timeout = (self.options.connect_timeout, self.options.read_timeout)
        with self.session.get(self.url, headers=self._headers(notes, offset), stream=True, timeout=timeout) as answer:
            if answer.status_code == 304:
                self.expected = self.place.path.stat().st_size
                return "unchanged"
            if answer.status_code == 416:  # the part is not a piece of what is there now
                self.place.part.unlink(missing_ok=True)
                raise _IncompleteError("the server has another file by now")
            self._require_success(answer)
            resumed = answer.status_code == 206 and offset > 0
            self._receive(answer, offset if resumed else 0)
            self._finish(answer)
        return "resumed" if resumed else "downloaded"

    def _offset(self) -> int:
        return self.place.part.stat().st_size if self.place.part.exists() else 0

    def _headers(self, notes: dict[str, Any], offset: int) -> dict[str, str]:
        validator = notes.get("part_validator")
        if offset and validator:
            return {"Range": f"bytes={offset}-", "If-Range": validator}
        headers = {}
        if self.place.path.exists():
            if notes.get("etag"):
                headers["If-None-Match"] = notes["etag"]
            if notes.get("last_modified"):
                headers["If-Modified-Since"] = notes["last_modified"]
        return headers

    def _require_success(self, answer: requests.Response) -> None:
        where, status = shown(self.url), answer.status_code
        if status in (200, 206):
            return
        if status in (404, 410):
            raise SourceError(f"{where} is not there (HTTP {status}).", code="source_not_found", hint=MOVED_HINT)
        if status in (401, 403):
            raise SourceError(f"{where} may not be fetched (HTTP {status}).", code="source_forbidden", hint=MOVED_HINT)
        code = "source_server_error" if status >= 500 or status == 429 else "source_unexpected_answer"
        raise SourceError(f"{where} answered with HTTP {status}.", code=code, hint=AGAIN_HINT)

    def _receive(self, answer: requests.Response, offset: int) -> None:
        length = answer.headers.get("Content-Length")
        self.expected = offset + int(length) if length and length.isdigit() else 0
        self._require_size(self.expected)
        strong_etag = answer.headers.get("ETag", "")
        validator = strong_etag if strong_etag.startswith('"') else answer.headers.get("Last-Modified")
        self.place.write_notes(self.place.read_notes() | {"part_validator": validator})
        name = self.place.path.name.partition("-")[2]
        with self.place.part.open("ab" if offset else "wb") as part:
            done = offset
            try:
                for piece in answer.iter_content(self.options.piece_bytes):
                    part.write(piece)
                    done += len(piece)
                    self.received += len(piece)
                    self._require_size(done)
                    self.progress(f"download {name}", done, self.expected or None)
            finally:
                part.flush()
                os.fsync(part.fileno())
        if self.expected and done != self.expected:
            raise _IncompleteError(f"{done:,} of {self.expected:,} bytes came")

    def _require_size(self, size: int) -> None:
        if size > self.options.max_bytes:
            self.place.part.unlink(missing_ok=True)
            raise SourceError(
                f"{shown(self.url)} is larger than {self.options.max_bytes:,} bytes.",
                code="source_too_large",
                hint=MOVED_HINT,
            )

    def _finish(self, answer: requests.Response) -> None:
        """Check the whole file, then let it replace the old one. A wrong file is thrown away, the old one stays."""
        try:
            require_whole(self.place.part, shown(self.url))
        except SourceError:
            self.place.part.unlink()
            raise
        self.place.part.replace(self.place.path)
        self.place.write_notes(
            {
                "url": shown(self.url),
                "etag": answer.headers.get("ETag"),
                "last_modified": answer.headers.get("Last-Modified"),
            }
        )

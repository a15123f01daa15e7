"""Downloads one file: resumed where it broke off, skipped where unchanged, put in place only when it is whole.

Three files stand for one address: the last good copy, `.part` with what has arrived of the next one, and `.meta.json`
with what the server said of both. Whatever goes wrong, the last good copy stays. One process at a time may download
an address into a folder; the lock of the step sees to that.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import logging
import os
import random
import re
import shutil
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from pipeline.core.errors import SourceError
from pipeline.core.progress import Progress
from pipeline.storage import source_faults as faults
from pipeline.storage.durable import sync
from pipeline.storage.hashing import sha256_of
from pipeline.storage.sniffing import require_whole

logger = logging.getLogger(__name__)

PASSING_STATUSES = (429, 500, 502, 503, 504)
MAX_PAUSE_SECONDS = 60


@dataclass(frozen=True)
class DownloadOptions:
    """How patient a download is. Times in seconds."""

    connect_timeout: float = 15
    read_timeout: float = 60  # the longest silence between two pieces
    stall_seconds: float = 120  # in any such stretch…
    stall_bytes: int = 100_000  # …at least this much has to come: 300 MB would else take more than four days
    retries: int = 4  # tries after the first that bring nothing new, before giving up
    backoff: float = 1.0  # pauses of 1, 2, 4, 8 s, and some chance on top
    max_bytes: int = 4 * 2**30
    piece_bytes: int = 2**16
    worthwhile_bytes: int = 2**20  # a try that gets this much further does not count against `retries`


@dataclass(frozen=True)
class FetchedFile:
    """One source file at hand. `status`: downloaded, resumed, unchanged or local.

    `source` is fit to be shown. `expected_bytes` is what the server announced, 0 where it announced nothing;
    `downloaded_bytes` what came over the line in all tries, 0 for a local or unchanged file.
    """

    path: Path
    source: str
    status: str
    expected_bytes: int
    downloaded_bytes: int
    duration_seconds: float
    sha256: str

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size


def place_of(url: str, folder: Path) -> Path:
    """The file that `url` is kept in: its own safe name behind a short hash, so that equal names do not collide."""
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[-80:] or "file"
    return folder / f"{hashlib.sha256(url.encode()).hexdigest()[:8]}-{safe}"


def open_session(*, retries: int, backoff: float) -> requests.Session:
    """A session that waits out passing trouble of the server. Failed connections are for the caller to try again."""
    retry = Retry(
        total=None,
        connect=0,
        read=False,
        other=0,
        status=retries,
        status_forcelist=PASSING_STATUSES,
        allowed_methods=("GET",),
        backoff_factor=backoff,
        backoff_jitter=backoff,
        backoff_max=MAX_PAUSE_SECONDS,
        respect_retry_after_header=True,
        retry_after_max=MAX_PAUSE_SECONDS,
        raise_on_status=False,
    )
    session = requests.Session()
    session.max_redirects = 10
    # Only the web has adapters: a redirect to file: or ftp: ends in an error.
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    # A packed body has another length than the file.
    session.headers.update({"Accept-Encoding": "identity", "User-Agent": "lfb-attendance-times/0.1"})
    return session


def download(url: str, folder: Path, options: DownloadOptions, progress: Progress) -> FetchedFile:
    """The file at `url`, in `folder`. Raises SourceError; the codes are those of `source_faults` and `sniffing`."""
    faults.require_web_address(url)
    folder.mkdir(parents=True, exist_ok=True)
    place, started = _Place(place_of(url, folder)), time.monotonic()
    received = failures = furthest = 0
    with open_session(retries=options.retries, backoff=options.backoff) as session:
        while True:
            transfer = _Transfer(session, url, place, options, progress)
            trouble = transfer.attempt()
            received += transfer.received
            if trouble is None:
                seconds = time.monotonic() - started
                return FetchedFile(
                    place.path, faults.shown(url), transfer.status, transfer.expected, received, seconds,
                    sha256=transfer.sha256,
                )  # fmt: skip
            failures += 1
            if place.part_bytes() >= furthest + options.worthwhile_bytes:
                failures, furthest = 0, place.part_bytes()
            if failures > options.retries:
                raise faults.explained(trouble, url) from trouble
            pause = min(options.backoff * 2 ** max(failures - 1, 0), MAX_PAUSE_SECONDS)
            pause += random.uniform(0, options.backoff)  # noqa: S311 - so that many who were cut off do not return at once
            logger.warning("%s Next try in %.1f s.", faults.explained(trouble, url).message, pause)
            time.sleep(pause)


@dataclass(frozen=True)
class _Place:
    """Where one address's file lies, its unfinished part, and what the server said of them."""

    path: Path

    @property
    def part(self) -> Path:
        return self.path.with_name(self.path.name + ".part")

    @property
    def notes(self) -> Path:
        return self.path.with_name(self.path.name + ".meta.json")

    def part_bytes(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

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


class _Transfer:
    """One request for one file, going on from the part that is there."""

    def __init__(
        self, session: requests.Session, url: str, place: _Place, options: DownloadOptions, progress: Progress
    ) -> None:
        self.session, self.url, self.place, self.options, self.progress = session, url, place, options, progress
        self.received = self.expected = 0
        self.status = self.sha256 = ""

    def attempt(self) -> Exception | None:
        """Do it; what may pass by itself is returned, what will not is raised as SourceError."""
        try:
            self._run()
        except requests.exceptions.SSLError as error:
            raise faults.explained(error, self.url) from error
        except (requests.ConnectionError, requests.Timeout, faults.IncompleteError, faults.StalledError) as error:
            return error
        except requests.TooManyRedirects as error:
            raise faults.explained(error, self.url) from error
        except requests.RequestException:
            # Its text may hold the whole address, with a password: it is not passed on.
            raise faults.not_allowed(self.url) from None
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise faults.no_space(self.url, self.place.path.parent) from error
            raise
        return None

    def _run(self) -> None:
        notes = self.place.read_notes()
        offset = self.place.part_bytes() if notes.get("part_validator") else 0
        with self._ask(self._headers(notes, offset)) as answer:
            if answer.status_code == 304 and not offset and self.sha256:
                self.expected, self.status = self.place.path.stat().st_size, "unchanged"
            elif answer.status_code == 200:
                self._take(answer, 0)
            elif offset and answer.status_code == 206 and _goes_on(answer, notes, offset):
                self._take(answer, offset)
            elif offset and answer.status_code == 416 and _is_all(answer, offset):
                self.expected = offset
                self._finish(notes, "resumed")
            elif offset and answer.status_code in (206, 416):
                # Not the file that the part was a piece of.
                self.place.part.unlink()
                self._run()
            else:
                raise faults.refused(self.url, answer.status_code)

    def _ask(self, headers: dict[str, str]) -> requests.Response:
        timeout = (self.options.connect_timeout, self.options.read_timeout)
        return self.session.get(self.url, headers=headers, stream=True, timeout=timeout)

    def _headers(self, notes: Mapping[str, Any], offset: int) -> dict[str, str]:
        if offset:
            return {"Range": f"bytes={offset}-", "If-Range": notes["part_validator"]}
        if not self.place.path.exists() or not notes.get("sha256"):
            return {}
        if sha256_of(self.place.path) != notes["sha256"]:
            return {}  # somebody changed our copy: that the publisher's is unchanged would not help
        self.sha256 = notes["sha256"]
        known = {"If-None-Match": notes.get("etag"), "If-Modified-Since": notes.get("last_modified")}
        return {name: value for name, value in known.items() if value}

    def _take(self, answer: requests.Response, offset: int) -> None:
        length = answer.headers.get("Content-Length", "")
        self.expected = offset + int(length) if length.isdigit() else 0
        self._require_size(self.expected)
        if shutil.disk_usage(self.place.path.parent).free < self.expected - offset:
            raise faults.no_space(self.url, self.place.path.parent)
        notes = self.place.read_notes() | ({} if offset else _facts_of_part(answer))
        self.place.write_notes(notes)
        with self.place.part.open("ab" if offset else "wb") as part:
            try:
                done = self._copy(answer, part, offset)
            finally:
                part.flush()
                os.fsync(part.fileno())
        if self.expected and done != self.expected:
            raise faults.IncompleteError
        self._finish(notes, "resumed" if offset else "downloaded")

    def _copy(self, answer: requests.Response, part: IO[bytes], offset: int) -> int:
        """Write what comes, as it comes and as it is packed; returns the length of the part."""
        done = told = pace_done = offset
        pace_began = time.monotonic()
        name = self.place.path.name.partition("-")[2]
        while piece := _next_piece(answer, self.options.piece_bytes):
            part.write(piece)
            done += len(piece)
            self.received += len(piece)
            self._require_size(done)
            if done - told >= self.options.piece_bytes or done == self.expected:
                self.progress(f"download {name}", done, self.expected or None)
                told = done
            if time.monotonic() - pace_began >= self.options.stall_seconds:
                if done - pace_done < self.options.stall_bytes:
                    raise faults.StalledError
                pace_began, pace_done = time.monotonic(), done
        return done

    def _require_size(self, size: int) -> None:
        if size > self.options.max_bytes:
            self.place.part.unlink(missing_ok=True)
            raise faults.too_large(self.url, self.options.max_bytes)

    def _finish(self, notes: Mapping[str, Any], status: str) -> None:
        """Check the whole file, then let it replace the old one. A wrong file is thrown away, the old one stays."""
        unpacked = self.place.path.with_name(self.place.path.name + ".unpacked")
        try:
            whole = self._unpack(notes.get("part_encoding") or "", unpacked)
            require_whole(whole, faults.shown(self.url))
        except SourceError:
            self.place.part.unlink()
            unpacked.unlink(missing_ok=True)
            raise
        self.sha256, self.status = sha256_of(whole), status
        whole.replace(self.place.path)
        self.place.part.unlink(missing_ok=True)
        sync(self.place.path.parent)
        facts = {"etag": notes.get("part_etag"), "last_modified": notes.get("part_last_modified")}
        self.place.write_notes({"url": faults.shown(self.url), "sha256": self.sha256, **facts})

    def _unpack(self, encoding: str, unpacked: Path) -> Path:
        """The file as it was meant, where the server packed it for the way though it was not asked to."""
        with self.place.part.open("rb") as part:
            is_packed = part.read(2) == b"\x1f\x8b"
        if encoding in ("", "identity") or (encoding in ("gzip", "x-gzip") and not is_packed):
            return self.place.part
        if encoding not in ("gzip", "x-gzip"):
            raise faults.unknown_packing(self.url, encoding)
        require_whole(self.place.part, faults.shown(self.url))
        with gzip.open(self.place.part) as packed, unpacked.open("wb") as target:
            shutil.copyfileobj(packed, target, 2**20)
            target.flush()
            os.fsync(target.fileno())
        return unpacked


def _next_piece(answer: requests.Response, size: int) -> bytes:
    """What has come, at most `size` bytes, without waiting for more: a drip then shows as slow, not as silence."""
    try:
        return bytes(answer.raw.read1(size, decode_content=False))
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout(str(error)) from error
    except (urllib3.exceptions.HTTPError, zlib.error) as error:
        raise faults.IncompleteError(str(error)) from error


def _facts_of_part(answer: requests.Response) -> dict[str, Any]:
    """What to remember of a file that begins to arrive, so as to go on with it and to know it again."""
    etag, modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    return {
        # Only a strong tag promises the same bytes.
        "part_validator": etag if etag and etag.startswith('"') else modified,
        "part_etag": etag,
        "part_last_modified": modified,
        "part_encoding": answer.headers.get("Content-Encoding", "").strip().lower(),
    }


def _goes_on(answer: requests.Response, notes: Mapping[str, Any], offset: int) -> bool:
    """Whether the answer is the rest of our part: from the right place, and of the file that the part was of."""
    begins = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    if begins is None or int(begins[1]) != offset:
        return False
    # Some servers send the rest of another file, whatever If-Range asks.
    remembered = {"ETag": "part_etag", "Last-Modified": "part_last_modified"}
    return all(answer.headers.get(said) in (None, notes.get(noted)) for said, noted in remembered.items())


def _is_all(answer: requests.Response, offset: int) -> bool:
    """Whether there is nothing behind our part because all had arrived before the process was killed."""
    return answer.headers.get("Content-Range", "") == f"bytes */{offset}"

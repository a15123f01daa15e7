"""Puts what can go wrong with a download into words that a planner understands, and never shows a password."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

import requests

from pipeline.core.errors import SourceError
from pipeline.sources_catalogue import INCIDENT_DATA_SET, MOBILISATION_DATA_SET

SETTINGS = "LFB_INCIDENT_SOURCES or LFB_MOBILISATION_SOURCES"
MOVED_HINT = (
    f"The publisher changes its addresses: look up the current ones at {INCIDENT_DATA_SET} (incidents) and "
    f"{MOBILISATION_DATA_SET} (mobilisations), and set {SETTINGS}."
)
AGAIN_HINT = "Start again later: what has arrived is kept and the download goes on from there."
ADDRESS_HINT = f"Give an address that begins with http:// or https://, or the path of a file, in {SETTINGS}."
# Faults that pass by themselves: the same download may well succeed a little later.
PASSING = frozenset({"source_busy", "source_server_error", "source_timeout", "source_truncated", "source_unreachable"})
SECRET_NAME = re.compile(r"token|key|sig|secret|pass|auth|cred", re.IGNORECASE)


class IncompleteError(Exception):
    """Fewer bytes came than the server promised."""


class StalledError(Exception):
    """The bytes come so slowly that the download would not end."""


def shown(source: str) -> str:
    """The source without user name, password and secret parameters, fit for logs and records."""
    if "://" not in source:
        return source
    try:
        parts = urlsplit(source)
    except ValueError:
        return source.partition("://")[0] + "://…"
    query = re.sub(
        r"([^&=]*)=([^&]*)", lambda pair: pair[0] if not SECRET_NAME.search(pair[1]) else f"{pair[1]}=…", parts.query
    )
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))


def require_web_address(url: str) -> None:
    """Raise SourceError unless `url` is a complete http or https address."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise not_allowed(url)


def not_allowed(url: str) -> SourceError:
    return SourceError(
        f"{shown(url)} is not an address that can be fetched, or leads to one that cannot.",
        code="source_not_allowed",
        hint=ADDRESS_HINT,
    )


def refused(url: str, status: int) -> SourceError:
    """The error for an HTTP status other than success."""
    where = shown(url)
    if status in (404, 410):
        return SourceError(f"{where} is not there (HTTP {status}).", code="source_not_found", hint=MOVED_HINT)
    if status in (401, 403):
        return SourceError(f"{where} may not be fetched (HTTP {status}).", code="source_forbidden", hint=MOVED_HINT)
    if status == 429:
        return SourceError(f"{where} is asked too often (HTTP 429).", code="source_busy", hint=AGAIN_HINT)
    code = "source_server_error" if status >= 500 else "source_unexpected_answer"
    return SourceError(f"{where} answered with HTTP {status}.", code=code, hint=AGAIN_HINT)


def unknown_packing(url: str, encoding: str) -> SourceError:
    return SourceError(
        f"{shown(url)} was sent packed as “{encoding[:40]}”, which was not asked for.",
        code="source_unexpected_answer",
        hint="Fetch the file with a browser and set its path instead.",
    )


def too_large(url: str, limit: int) -> SourceError:
    return SourceError(
        f"{shown(url)} is larger than {limit / 2**30:.3g} GiB, which no published file is.",
        code="source_too_large",
        hint=MOVED_HINT,
    )


def no_space(url: str, folder: object) -> SourceError:
    return SourceError(
        f"There is no room on the disk for {shown(url)}.",
        code="source_no_space",
        hint=f"Free some space on the disk that holds {folder}, then start again: what has arrived is kept.",
    )


def explained(error: Exception, url: str) -> SourceError:
    """The error for a connection that failed, after the last try."""
    where = shown(url)
    if isinstance(error, IncompleteError | requests.exceptions.ChunkedEncodingError):
        return SourceError(f"{where} broke off again and again.", code="source_truncated", hint=AGAIN_HINT)
    if isinstance(error, StalledError):
        return SourceError(f"{where} comes too slowly to arrive.", code="source_timeout", hint=AGAIN_HINT)
    if isinstance(error, requests.Timeout):
        return SourceError(f"{where} did not answer in time.", code="source_timeout", hint=AGAIN_HINT)
    if isinstance(error, requests.TooManyRedirects):
        return SourceError(f"{where} is redirected in a circle.", code="source_redirects", hint=MOVED_HINT)
    if isinstance(error, requests.exceptions.SSLError):
        return SourceError(
            f"The certificate of {where} is not trusted on this machine.",
            code="source_not_trusted",
            hint="Where a proxy of your network signs certificates, name its file in REQUESTS_CA_BUNDLE.",
        )
    return SourceError(
        f"{where} cannot be reached.",
        code="source_unreachable",
        hint="Check the network. " + AGAIN_HINT,
    )

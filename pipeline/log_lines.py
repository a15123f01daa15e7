"""How a log record becomes a line: one format everywhere, no secret in it, and no message that looks like another line."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime

LINE_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
HIDDEN = "***"

_NAMES = r"[\w.-]*(?:password|passwd|passphrase|secret(?:[_-]?key)?|token|api[_-]?key|sessionid|credentials?)"
_SECRETS = (
    # Authorization: Basic …, in any of the ways that headers are printed
    (re.compile(r"(?i)((?:proxy-)?authorization['\"]?\s*[:=,]\s*['\"]?)(?:(?:basic|bearer|token)\s+)?[^\s'\",;]+"), r"\1" + HIDDEN),
    (re.compile(r"(?i)\b(basic|bearer)\s+[\w.~+/-]{8,}=*"), r"\1 " + HIDDEN),
    # scheme://user:password@host
    (re.compile(r"(\b[a-zA-Z][\w+.-]*://)[^\s/@'\"]*@"), rf"\1{HIDDEN}@"),
    # password=…, "token": "…"
    (re.compile(rf"(?i)({_NAMES}['\"]?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&)}}\]]+)"), r"\1" + HIDDEN),
)  # fmt: skip
# Without one of these no pattern can match; to look for them takes a hundredth of the time.
_SIGNS = ("authorization", "basic", "bearer", "@", "pass", "secret", "token", "key", "sessionid", "credential")
# Line feeds apart, which are kept and indented: nothing that a terminal would obey.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029]")

_known_secrets: set[str] = set()


def hide_always(secrets: Iterable[str]) -> None:
    """Values that no line may show, whatever stands around them; short ones are left out, as they occur by chance."""
    _known_secrets.update(secret for secret in secrets if len(secret) >= 8)


def hide_secrets(text: str) -> str:
    """The text without passwords, tokens, login headers, and logins in addresses.

    >>> hide_secrets("fetched https://me:pw@host/x?token=abc")
    'fetched https://***@host/x?token=***'
    """
    lowered = text.lower()
    if any(sign in lowered for sign in _SIGNS):
        for pattern, replacement in _SECRETS:
            text = pattern.sub(replacement, text)
    for secret in _known_secrets:
        text = text.replace(secret, HIDDEN)
    return text


class LineFormatter(logging.Formatter):
    """One record as text. Further lines of a message or traceback are indented: no input can forge a line of its own."""

    def __init__(self) -> None:
        super().__init__(LINE_FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        if not hasattr(record, "as_line"):  # several handlers write the same line
            text = hide_secrets(super().format(record).rstrip())
            record.__dict__["as_line"] = _CONTROL.sub(" ", text).replace("\n", "\n  ")
        return str(record.__dict__["as_line"])


class JSONFormatter(logging.Formatter):
    """One record as one line of JSON, with its component, run, step and user."""

    def format(self, record: logging.LogRecord) -> str:
        found = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "name": record.name,
            "level": record.levelname,
            "message": record.getMessage().rstrip(),
            **{name: getattr(record, name, None) for name in ("component", "run", "step", "user")},
            "process": record.process,
        }
        if record.exc_info:
            found["traceback"] = self.formatException(record.exc_info)
        # Each text by itself: across the JSON's own quotes and brackets a secret would be hard to tell from its frame.
        return json.dumps(
            {key: hide_secrets(value) if isinstance(value, str) else value for key, value in found.items()}
        )

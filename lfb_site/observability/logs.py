"""The log files: one for each component and a history of all, rotated safely though several processes write."""

from __future__ import annotations

import fcntl
import logging
import logging.config
import os
from pathlib import Path
from typing import Any

from lfb_site.observability.components import COMPONENTS
from pipeline.log_lines import hide_always

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FILE_BYTES, BACKUPS = 1_000_000, 5
HISTORY = "history"
FILE_NAMES = tuple(f"{name}.log" for name in (*COMPONENTS, HISTORY))
# Our own loggers write from LFB_LOG_LEVEL on; of the libraries only what is worth reading.
OWN_LOGGERS = ("pipeline", "predictions", "lfb_site", "api")

_in_use: int | None = None  # held open, so that the lock is, as long as this process lives


def config(
    folder: Path, *, mode: str, level: str, console_level: str, history_level: str, as_json: bool
) -> dict[str, Any]:
    """The site's LOGGING. Where the folder cannot be written, the console alone is left; a system check says so."""
    formatter = "json" if as_json else "line"
    handlers: dict[str, Any] = {
        "console": {
            "class": "logging.StreamHandler",
            "level": console_level,
            "formatter": formatter,
            "filters": ["context"],
        },
        "counter": {"class": "lfb_site.observability.metrics.CountingHandler", "filters": ["context"]},
    }
    if is_writable(folder):
        for name in COMPONENTS:
            handlers[name] = _file(folder, name, level, formatter) | {"filters": [name]}
        handlers[HISTORY] = _file(folder, HISTORY, history_level, formatter) | {"filters": ["context"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "pipeline.log_lines.LineFormatter"},
            "json": {"()": "pipeline.log_lines.JSONFormatter"},
        },
        "filters": {
            "context": {"()": "lfb_site.observability.components.Context"},
            **{name: {"()": "lfb_site.observability.components.OfComponent", "component": name} for name in COMPONENTS},
        },
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": "WARNING"},
        "loggers": {
            **{name: {"level": min(level, history_level, key=LEVELS.index)} for name in OWN_LOGGERS},
            "django": {"level": "INFO"},
        },
        "folder": folder,
        "mode": mode,
    }


def _file(folder: Path, name: str, level: str, formatter: str) -> dict[str, Any]:
    return {
        "class": "concurrent_log_handler.ConcurrentRotatingFileHandler",
        "filename": str(folder / f"{name}.log"),
        "maxBytes": FILE_BYTES,
        "backupCount": BACKUPS,
        "encoding": "utf-8",
        # What cannot be written as UTF-8, half of a surrogate pair, must not cost the whole line.
        "unicode_error_policy": "replace",
        "level": level,
        "formatter": formatter,
    }


def is_writable(folder: Path) -> bool:
    """Whether files can be made in `folder`, which is made where it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def configure(wanted: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: the standard one, and warnings into the logs."""
    wanted = dict(wanted)
    folder, mode = wanted.pop("folder"), wanted.pop("mode")
    if is_writable(folder):
        _begin(folder, afresh=mode == "w")
    logging.config.dictConfig(wanted)
    logging.captureWarnings(True)
    _learn_secrets()


def _begin(folder: Path, *, afresh: bool) -> None:
    """Join the processes that write here; the first of them empties the files where they are to begin afresh.

    Were each process to begin afresh, a second one would wipe out what the first has written.
    """
    global _in_use
    handle = os.open(folder / ".in-use.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        is_first = False
    else:
        is_first = True
    if is_first and afresh:
        for name in FILE_NAMES:
            if (folder / name).exists():
                os.truncate(folder / name, 0)
    fcntl.flock(handle, fcntl.LOCK_SH)
    if _in_use is not None:
        os.close(_in_use)
    _in_use = handle


def _learn_secrets() -> None:
    from urllib.parse import urlsplit

    from django.conf import settings

    addresses = (settings.REDIS_URL, settings.PUSHGATEWAY_URL)
    hide_always(
        [
            settings.SECRET_KEY,
            *(str(database.get("PASSWORD") or "") for database in settings.DATABASES.values()),
            *(urlsplit(address).password or "" for address in addresses),
        ]
    )

"""Takes out of answers what is nobody's business outside: where files lie on the server, and tracebacks."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings

_ABSOLUTE_PATH = re.compile(r"(?<![\w/:.])(?:/[^\s/'\",;:()]+)+/([^\s/'\",;:()]+)")
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:(?!\d{4}-\d\d-\d\d ).*(?:\n|\Z))*")


def hide_folders(value: Any) -> Any:
    """The same text, or JSON, with the site's folders under their usual names."""
    return _each_text(value, _without_folders)


def hide_paths(value: Any) -> Any:
    """As `hide_folders`, and of any other absolute path the file's name alone."""
    return _each_text(value, lambda text: _ABSOLUTE_PATH.sub(r"\1", _without_folders(text)))


def hide_tracebacks(log: str) -> str:
    return _TRACEBACK.sub("(the traceback is in the server's log)\n", log)


def _without_folders(text: str) -> str:
    for folder, name in (
        (settings.LFB_DATA_DIR, "data"),
        (settings.LFB_MODEL_DIR, "models"),
        (settings.LFB_LOG_DIR, "logs"),
        (settings.BASE_DIR, "."),
    ):
        text = text.replace(str(folder), name)
    return text


def _each_text(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _each_text(found, change) for name, found in value.items()}
    return [_each_text(found, change) for found in value] if isinstance(value, list | tuple) else value

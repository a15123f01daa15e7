"""A value cached in the memory of this process, refreshed when it is a few seconds old."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.conf import settings

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """What `load` returned, at most LFB_REFRESH_SECONDS old.

    `load` is given the value that is kept, or None, so that it can hand the same one back after a glance at whether
    anything changed. What it raises is not kept.
    """

    def __init__(self, load: Callable[[Value | None], Value]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._kept: tuple[float, Value] | None = None

    def get(self) -> Value:
        kept = self._kept
        if kept is not None and time.monotonic() - kept[0] < settings.LFB_REFRESH_SECONDS:
            return kept[1]
        with self._lock:
            kept = self._kept
            if kept is None or time.monotonic() - kept[0] >= settings.LFB_REFRESH_SECONDS:
                kept = (time.monotonic(), self._load(kept[1] if kept else None))
                self._kept = kept
            return kept[1]

    def forget(self) -> None:
        self._kept = None

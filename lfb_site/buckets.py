"""Allowances that refill with time, kept in the memory of this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

MAX_CLIENTS = 10_000


class Buckets:
    """For each client an allowance of so many a minute; a whole minute's worth may be used at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, per_minute: float, *, amount: float = 1.0) -> float:
        """Use up `amount`; returns the seconds to wait where there is not enough, else 0. `amount` 0 only asks."""
        now = time.monotonic()
        with self._lock:
            left, at = self._left.get(client, (per_minute, now))
            left = min(per_minute, left + (now - at) * per_minute / 60)
            if left < max(amount, 1.0):
                self._left[client] = (left, now)
                return max(0.001, (max(amount, 1.0) - left) * 60 / per_minute)
            self._left[client] = (left - amount, now)
            self._left.move_to_end(client)
            if len(self._left) > MAX_CLIENTS:
                self._left.popitem(last=False)
            return 0.0

    def clear(self) -> None:
        with self._lock:
            self._left.clear()

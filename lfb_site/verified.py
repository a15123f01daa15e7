"""Remembers for some minutes that a password was right, so that a client that sends it each time is not slowed down.

What is kept is a keyed hash of user, stored password hash, password and address, under a key that lives in this process
alone. Only successes are kept; a changed password no longer matches. The caller still reads the user's row each time.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import OrderedDict

MAX_AGE_SECONDS = 300.0
MAX_ENTRIES = 1_000


class VerifiedCredentials:
    """Bounded in number and age."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def _key(self, user_id: int, stored_hash: str, password: str, address: str) -> bytes:
        # The address is part of it, so that a guesser who is locked out gains nothing from what others proved.
        return hmac.digest(self._secret, repr((user_id, stored_hash, password, address)).encode(), "sha256")

    def knows(self, user_id: int, stored_hash: str, password: str, address: str) -> bool:
        until = self._until.get(self._key(user_id, stored_hash, password, address))
        return until is not None and time.monotonic() < until

    def remember(self, user_id: int, stored_hash: str, password: str, address: str) -> None:
        with self._lock:
            self._until[self._key(user_id, stored_hash, password, address)] = time.monotonic() + MAX_AGE_SECONDS
            while len(self._until) > MAX_ENTRIES:
                self._until.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._until.clear()


verified = VerifiedCredentials()

"""The address a request comes from, also behind proxies."""

from __future__ import annotations

from typing import Any

from django.conf import settings


def client_address(request: Any) -> str:
    """The peer's address; behind LFB_PROXY_COUNT proxies, the one that the outermost of them saw.

    Each proxy appends what it saw to X-Forwarded-For, so only that many entries from the right can be trusted; what
    stands further left is whatever the client wrote.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.LFB_PROXY_COUNT:
        return peer
    seen = [entry.strip() for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if entry.strip()]
    found = seen[-settings.LFB_PROXY_COUNT] if len(seen) >= settings.LFB_PROXY_COUNT else peer
    return found[:45]  # as long as an IPv6 address can be

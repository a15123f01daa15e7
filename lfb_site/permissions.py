"""Who may call what."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


def holds(permission: str) -> type[BasePermission]:
    """A permission class: the user holds the named Django permission."""

    class Holds(BasePermission):
        message = "Only administrators may do this."

        def has_permission(self, request: Request, view: Any) -> bool:
            return bool(request.user and request.user.is_authenticated and request.user.has_perm(permission))

    return Holds


class CalledOnPurpose(BasePermission):
    """Refuses what a browser fetches on behalf of another site's page, whatever password it has stored."""

    message = "This call starts work, and a page of another site may not make it."
    code = "cross_site_call"

    def has_permission(self, request: Request, view: Any) -> bool:
        return is_called_on_purpose(request)


def is_called_on_purpose(request: Request) -> bool:
    """Not by a browser on behalf of another site's page; programs send no such headers.

    Browsers send Sec-Fetch-Site over HTTPS and to their own machine alone, older ones never; with a POST all send Origin.
    """
    origin = request.headers.get("Origin")
    is_ours = origin in (None, *settings.CSRF_TRUSTED_ORIGINS) or origin.partition("://")[2] == request.get_host()
    return is_ours and request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")

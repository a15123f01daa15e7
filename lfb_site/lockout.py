"""What someone sees who guessed too often."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None, *args: Any) -> HttpResponse:
    """The page of django-axes for the login forms; the API words its own answer."""
    minutes = settings.LFB_LOCKOUT_MINUTES
    answer = render(request, "lockout.html", {"minutes": minutes}, status=429)
    answer["Retry-After"] = str(minutes * 60)
    return answer

"""The logins of the API: HTTP Basic, token, session."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, BasicAuthentication, get_authorization_header
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from lfb_site import rows
from lfb_site.addresses import client_address
from lfb_site.buckets import Buckets
from lfb_site.models import AccessToken
from lfb_site.permissions import CalledOnPurpose, is_called_on_purpose
from lfb_site.verified import verified

failures = Buckets()


class LockedOut(exceptions.Throttled):
    default_code = "locked_out"
    default_detail = "Too many wrong passwords: this login is locked."


class PasswordAuthentication(BasicAuthentication):
    """HTTP Basic. A password proved within the last minutes is not hashed anew; the user's row is read each time."""

    www_authenticate_realm = "attendance times"

    def authenticate_credentials(self, userid: str, password: str, request: Any = None) -> tuple[Any, None]:
        # A browser sends the password it keeps with another site's form, too, and no CSRF token guards this login.
        if request.method not in SAFE_METHODS and not is_called_on_purpose(request):
            raise exceptions.PermissionDenied(CalledOnPurpose.message, CalledOnPurpose.code)
        if "\0" in userid or len(userid) > 150 or len(password) > 1_000:
            raise exceptions.AuthenticationFailed("User name or password is wrong.")
        address = client_address(request)
        user = rows.find(get_user_model(), "username = %s", userid)
        if user is None or not user.is_active or not verified.knows(user.pk, user.password, password, address):
            user = self._prove(request, userid, password, address)
            verified.remember(user.pk, user.password, password, address)
        return user, None

    def _prove(self, request: Any, userid: str, password: str, address: str) -> Any:
        """The user, if the password is right. Guessing costs the address its allowance, and ends in a lock."""
        allowed = settings.LFB_LOGIN_FAILURES_PER_ADDRESS
        wait = failures.take(address, allowed, amount=0)
        if wait:
            raise LockedOut(wait)
        user = authenticate(request=request._request, username=userid, password=password)
        if user is not None and user.is_active:
            return user
        failures.take(address, allowed)
        if getattr(request._request, "axes_locked_out", False):
            request._request.axes_locked_out = False  # this answer says it; the middleware need not
            raise LockedOut(settings.LFB_LOCKOUT_MINUTES * 60)
        raise exceptions.AuthenticationFailed("User name or password is wrong.")


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` or `Token …`; one query, which also brings the user."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() not in (b"bearer", b"token"):
            return None
        if len(words) != 2:
            raise exceptions.AuthenticationFailed("The token is wrong.")
        user = AccessToken.holder(words[1])
        if user is None or not user.is_active:
            raise exceptions.AuthenticationFailed("The token is wrong, was revoked or has expired.")
        return user, None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="attendance times"'


class PasswordScheme(OpenApiAuthenticationExtension):
    target_class = PasswordAuthentication
    name = "password"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "basic"}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}

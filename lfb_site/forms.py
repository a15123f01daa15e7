"""The login forms."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from lfb_site.addresses import client_address
from lfb_site.authentication import failures


class LoginForm(AuthenticationForm):
    """Wrong passwords use up the allowance of their address, whatever the names, as those sent by HTTP Basic do."""

    def clean(self) -> dict[str, Any]:
        address, allowed = client_address(self.request), settings.LFB_LOGIN_FAILURES_PER_ADDRESS
        if failures.take(address, allowed, amount=0):
            self.request.axes_locked_out = True  # type: ignore[union-attr]  # its middleware answers with the page
            raise self.get_invalid_login_error()
        try:
            return super().clean()
        except ValidationError:
            failures.take(address, allowed)
            raise


class AdminLoginForm(LoginForm, AdminAuthenticationForm):
    """The same for the admin, which lets staff in alone."""

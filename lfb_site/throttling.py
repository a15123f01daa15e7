"""How often a user and an address may call. The limits hold for each web process."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from lfb_site.addresses import client_address
from lfb_site.buckets import Buckets

requests = Buckets()


class UserThrottle(BaseThrottle):
    """By user, whichever way they log in."""

    seconds = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        if request.user is not None and request.user.pk:
            self.seconds = requests.take(f"user {request.user.pk}", settings.LFB_REQUESTS_PER_USER)
        return not self.seconds

    def wait(self) -> float:
        return self.seconds


class AddressThrottle(UserThrottle):
    """By address, logged in or not."""

    def allow_request(self, request: Request, view: Any) -> bool:
        self.seconds = requests.take(f"address {client_address(request)}", settings.LFB_REQUESTS_PER_ADDRESS)
        return not self.seconds

"""The two users for a local try-out."""

from __future__ import annotations

from lfb_site.groups import ADMINISTRATORS, STANDARD_USERS

DEMO_USERS = {"admin": ("fireforce", ADMINISTRATORS), "user": ("london123", STANDARD_USERS)}

"""System checks of the site."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from lfb_site.demo_users import DEMO_USERS
from lfb_site.observability.logs import is_writable


@register(Tags.database)
def demo_users_are_gone(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Warns while a demo user can still log in with the published password."""
    if not databases:
        return []
    try:
        rows = get_user_model().objects.filter(username__in=DEMO_USERS, is_active=True)
        found = [user.username for user in rows if check_password(DEMO_USERS[user.username][0], user.password)]
    except DatabaseError:  # before the first migrate
        return []
    if not found:
        return []
    return [
        Warning(
            f"The demo users can log in with their published passwords: {', '.join(sorted(found))}.",
            hint="Remove them, or change their passwords, before anyone else can reach this site.",
            id="lfb_site.W001",
        )
    ]


@register()
def logs_can_be_written(**kwargs: Any) -> list[CheckMessage]:
    """Warns where nothing is logged but on the console."""
    if is_writable(settings.LFB_LOG_DIR):
        return []
    return [
        Warning(
            f"The log folder {settings.LFB_LOG_DIR} cannot be written: log lines go to the console alone.",
            hint="Give this user the right to write there, or name another folder in LFB_LOG_DIR.",
            id="lfb_site.W002",
        )
    ]

"""Django's own logins and sessions, with the two look-ups of each call made quick."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.db import connection
from django.utils import timezone

from lfb_site import rows


class UserBackend(ModelBackend):
    """Users by name and password, as in the database."""

    def get_user(self, user_id: int) -> Any:
        user = rows.find(get_user_model(), "id = %s", user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


class SessionStore(db.SessionStore):
    """Sessions in the database."""

    def load(self) -> dict[str, Any]:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        found = rows.find(self.model, "session_key = %s AND expire_date > %s", self.session_key, now)
        if found is None:
            self._session_key = None
            return {}
        return dict(self.decode(found.session_data))

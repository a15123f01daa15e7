"""Tokens by which other systems log in."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import connection, models
from django.utils import timezone


def _digest(key: bytes) -> str:
    # The key is 256 random bits: nothing to guess, so a plain hash is as strong as a slow one.
    return hashlib.sha256(key).hexdigest()


class AccessToken(models.Model):
    """A revocable token. Only its hash is kept: the token itself is shown once, when it is made."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80, help_text="What it is for, such as “night report”.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "access token"

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @classmethod
    def make(cls, user: object, name: str, expires_at: dt.datetime | None = None) -> tuple[AccessToken, str]:
        """A new token's row, and the token itself."""
        token = cls(user=user, name=name, expires_at=expires_at)
        key = token.give_key()
        token.save()
        return token, key

    def give_key(self) -> str:
        """The token itself, known now and never again. Save afterwards."""
        key = "lfb_" + secrets.token_urlsafe(32)
        self.digest = _digest(key.encode())
        return key

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    @classmethod
    def holder(cls, key: bytes) -> AbstractUser | None:
        """The user whose valid token this is; one query, written out for the reason that `rows.find` gives."""
        users = get_user_model()
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        query = (
            f"SELECT u.* FROM {cls._meta.db_table} t JOIN {users._meta.db_table} u ON u.id = t.user_id "  # noqa: S608
            "WHERE t.digest = %s AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %s)"
        )
        return next(iter(users.objects.raw(query, [_digest(key), now])), None)

"""Tokens by which other systems log in."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q


def _digest(key: bytes) -> str:
    # The key is 256 random bits: nothing to guess, so a plain hash is as strong as a slow one.
    return hashlib.sha256(key).hexdigest()


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def valid(self, now: dt.datetime) -> AccessTokenQuerySet:
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True)

    def of(self, key: bytes) -> AccessTokenQuerySet:
        return self.filter(digest=_digest(key))


class AccessToken(models.Model):
    """A revocable token. Only its hash is kept: the token itself is shown once, when it is made."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80, help_text="What it is for, such as “night report”.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "access token"

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @classmethod
    def make(cls, user: object, name: str, expires_at: dt.datetime | None = None) -> tuple[AccessToken, str]:
        """A new token's row, and the token itself."""
        key = "lfb_" + secrets.token_urlsafe(32)
        return cls.objects.create(user=user, name=name, expires_at=expires_at, digest=_digest(key.encode())), key

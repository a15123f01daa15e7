"""The history of what was in use when: each change of the version in use, who made it, and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Promotion(models.Model):
    """`version` took the place of `former` (None: nothing was in use)."""

    version = models.ForeignKey("pipeline.ModelVersion", on_delete=models.PROTECT, related_name="promotions")
    former = models.ForeignKey(
        "pipeline.ModelVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="replacements"
    )
    at = models.DateTimeField("when")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    by_name = models.CharField("by whom", max_length=150)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.CheckConstraint(name="promotion_by_somebody", condition=~models.Q(by_name=""))]

    def __str__(self) -> str:
        return f"version {self.version.number} put in use by {self.by_name}"

"""A trained model: what it was trained on, how good it is, where its files lie, and whether it is in use."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class VersionState(models.TextChoices):
    CHALLENGER = "challenger", "Challenger"
    CHAMPION = "champion", "In use"
    RETIRED = "retired", "Retired"


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def in_use(self) -> ModelVersionQuerySet:
        return self.filter(state=VersionState.CHAMPION)

    def retired(self) -> ModelVersionQuerySet:
        """Versions that were in use and no longer are."""
        return self.filter(state=VersionState.RETIRED)


class ModelVersion(models.Model):
    """`files` lists role, path below the model folder, bytes and SHA-256 of every file of the version."""

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=VersionState, default=VersionState.CHALLENGER)
    state_reason = models.TextField(blank=True)
    # The answers of the promotion gate; empty where there was nothing to compare with.
    gate = models.JSONField(default=dict, blank=True)
    estimator = models.CharField(max_length=40)
    run = models.OneToOneField("pipeline.DatasetRun", on_delete=models.PROTECT, related_name="model_version")
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True)
    promoted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    promoted_by_name = models.CharField(max_length=150, blank=True)

    code_version = models.CharField(max_length=64)
    seed = models.IntegerField()
    parameters = models.JSONField(default=dict)
    feature_names = models.JSONField(default=list)
    datasets = models.JSONField("training files", default=list)
    is_sample = models.BooleanField("trained on sample data", default=False)
    trained_from = models.DateField()
    trained_to = models.DateField()
    tested_from = models.DateField()
    tested_to = models.DateField()
    training_rows = models.PositiveBigIntegerField()
    tested_rows = models.PositiveBigIntegerField()
    metrics = models.JSONField(default=dict)
    evaluation = models.JSONField(default=dict)
    files = models.JSONField(default=list)
    # Where MLflow holds it; empty while it is not tracked.
    mlflow_run_id = models.CharField("MLflow run", max_length=64, blank=True)
    mlflow_version = models.PositiveIntegerField("MLflow version", null=True, blank=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        verbose_name = "model version"
        permissions = [("promote_version", "Can promote and roll back model versions")]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=VersionState.CHAMPION), name="one_version_in_use"
            ),
            models.CheckConstraint(
                name="version_promoted_when_and_by_whom",
                condition=(Q(promoted_at__isnull=True) & Q(promoted_by_name=""))
                | (Q(promoted_at__isnull=False) & ~Q(promoted_by_name="")),
            ),
            models.CheckConstraint(
                name="version_tested_after_training", condition=Q(tested_from__gt=models.F("trained_to"))
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number} ({self.estimator})"

    def file(self, role: str) -> dict[str, object] | None:
        """The record of the file that plays `role`, such as "estimator" or "report"."""
        return next((entry for entry in self.files if entry["name"] == role), None)

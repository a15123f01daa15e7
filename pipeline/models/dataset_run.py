"""The record of every start of a step: who, when, with what, and how it ended."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class RunStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CRASHED = "crashed", "Crashed"
    CANCELLED = "cancelled", "Cancelled"


class Trigger(models.TextChoices):
    COMMAND = "command", "Command"
    API = "api", "API"
    ADMIN = "admin", "Admin"
    SCHEDULE = "schedule", "Schedule"


ENDED = (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CRASHED, RunStatus.CANCELLED)


class DatasetRunQuerySet(models.QuerySet["DatasetRun"]):
    def active(self) -> DatasetRunQuerySet:
        """Runs that have not ended."""
        return self.exclude(status__in=ENDED)

    def waiting(self) -> DatasetRunQuerySet:
        """Runs that a worker may take up now: queued, and neither time nor another run to wait for."""
        due = Q(not_before__isnull=True) | Q(not_before__lte=timezone.now())
        is_next = Q(follows__isnull=True) | Q(follows__status=RunStatus.SUCCEEDED)
        return self.filter(due, is_next, status=RunStatus.QUEUED)

    def of_step(self, step: str) -> DatasetRunQuerySet:
        return self.filter(step=step)

    def that_monitored(self, version_number: int) -> DatasetRunQuerySet:
        """Runs that judged a version on calls after its test, the latest first."""
        found = self.of_step("monitor_model").succeeded().filter(details__version=version_number)
        return found.filter(details__has_key="monitoring").order_by("-pk")

    def succeeded(self) -> DatasetRunQuerySet:
        return self.filter(status=RunStatus.SUCCEEDED)


class DatasetRun(models.Model):
    step = models.CharField(max_length=40, db_index=True)
    status = models.CharField(max_length=10, choices=RunStatus, default=RunStatus.QUEUED, db_index=True)
    trigger = models.CharField("started from", max_length=10, choices=Trigger)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="dataset_runs"
    )
    started_by_name = models.CharField(max_length=150, help_text="Kept when the user is deleted.")
    parameters = models.JSONField(default=dict)

    queued_at = models.DateTimeField(auto_now_add=True, db_index=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Names the lock file that a living process holds; a free lock means that the process is gone.
    lock_token = models.UUIDField(default=uuid.uuid4, editable=False)
    # The queue's name for the run; empty where the starting process executes it itself.
    job_id = models.CharField(max_length=64, blank=True, editable=False)
    follows = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="followers",
        help_text="Begins when that run has succeeded; cancelled when it has not.",
    )
    retry_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retries")
    attempt = models.PositiveSmallIntegerField(default=1)
    not_before = models.DateTimeField("begins", null=True, blank=True)
    cancel_requested_by = models.CharField(max_length=150, blank=True)
    schedule = models.ForeignKey(
        "pipeline.Schedule", null=True, blank=True, on_delete=models.SET_NULL, related_name="runs"
    )

    inputs = models.JSONField(default=list)
    outputs = models.JSONField(default=list)
    rows_in = models.PositiveBigIntegerField(null=True)
    rows_out = models.PositiveBigIntegerField(null=True)
    rejects = models.JSONField("rejected rows by reason", default=dict)
    metrics = models.JSONField(default=dict)
    details = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    is_sample = models.BooleanField("sample data", default=False)

    progress = models.JSONField(default=dict)
    log_excerpt = models.TextField(blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    error_hint = models.TextField(blank=True)
    error_fields = models.JSONField(default=dict)
    peak_memory_bytes = models.PositiveBigIntegerField(null=True)
    code_version = models.CharField(max_length=64)

    objects = DatasetRunQuerySet.as_manager()

    class Meta:
        ordering = ["-queued_at", "-pk"]
        verbose_name = "run"
        permissions = [("start_runs", "Can start, cancel and retry pipeline steps")]
        constraints = [
            models.CheckConstraint(
                name="run_finished_exactly_when_ended",
                condition=Q(status__in=ENDED, finished_at__isnull=False)
                | (~Q(status__in=ENDED) & Q(finished_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="run_error_exactly_when_unsuccessful",
                condition=Q(status__in=[RunStatus.FAILED, RunStatus.CRASHED], error_code__gt="")
                | (~Q(status__in=[RunStatus.FAILED, RunStatus.CRASHED]) & Q(error_code="")),
            ),
            models.CheckConstraint(name="run_names_its_starter", condition=~Q(started_by_name="")),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}: {self.step.replace('_', ' ')}"

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def duration(self) -> dt.timedelta | None:
        """Running time; None while it has not both started and ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at

    @property
    def rejected_rows(self) -> int:
        return sum(self.rejects.values())

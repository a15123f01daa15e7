"""Runs and versions in any number, made from one that is there."""

from __future__ import annotations

from django.utils import timezone

from pipeline.models import DatasetRun, ModelVersion, RunStatus, Trigger, VersionState


def make_run(step="train_model", status=RunStatus.SUCCEEDED, **facts):
    """A run on record that nobody executed."""
    ended = status not in (RunStatus.QUEUED, RunStatus.RUNNING)
    failed = status in (RunStatus.FAILED, RunStatus.CRASHED)
    usual = {
        "trigger": Trigger.COMMAND,
        "started_by_name": "tester",
        "code_version": "test",
        "started_at": None if status == RunStatus.QUEUED else timezone.now(),
        "finished_at": timezone.now() if ended else None,
        "error_code": "no_rows" if failed else "",
        "error_message": "Not one row is left." if failed else "",
    }
    return DatasetRun.objects.create(step=step, status=status, **usual | facts)


def copy_version(version: ModelVersion, **changed) -> ModelVersion:
    """Another challenger with the same files and figures, but for what is `changed`."""
    copied = ModelVersion.objects.get(pk=version.pk)
    copied.pk, copied.number = None, ModelVersion.objects.order_by("-number").first().number + 1
    copied.state, copied.state_reason, copied.run = VersionState.CHALLENGER, "", make_run()
    copied.promoted_at, copied.promoted_by_name = None, ""
    for name, value in changed.items():
        setattr(copied, name, value)
    copied.save()
    return copied

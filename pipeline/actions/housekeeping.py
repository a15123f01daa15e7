"""Clear away what nobody needs any more: expired sessions and tokens, old failed logins, answers of old batches, leavings."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Container
from pathlib import Path

from axes.models import AccessAttempt, AccessFailureLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from pipeline import upkeep
from pipeline.core.params import HousekeepingParams
from pipeline.core.results import StepResult
from pipeline.models import DatasetRun
from pipeline.runs import RunContext

logger = logging.getLogger(__name__)

KEEP_FAILED_LOGINS = dt.timedelta(days=30)
LOCKS_OLDER_THAN = dt.timedelta(days=1)  # a run that is just beginning has its lock before its record


def housekeeping(params: HousekeepingParams, context: RunContext) -> StepResult:
    """Remove what has expired; the numbers removed are the metrics."""
    now = timezone.now()
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    attempts, _ = AccessAttempt.objects.filter(attempt_time__lt=now - KEEP_FAILED_LOGINS).delete()
    failures, _ = AccessFailureLog.objects.filter(attempt_time__lt=now - KEEP_FAILED_LOGINS).delete()
    batches_before = now - dt.timedelta(days=params.keep_batches_days)
    removed = {
        "sessions_removed": sessions,
        "failed_logins_removed": attempts + failures,
        "batch_files_removed": _remove_old_files(batch_folder(), batches_before),
        "lock_files_removed": _remove_free_locks(now - LOCKS_OLDER_THAN),
    }
    upkeep.recover_outputs()
    for name, count in removed.items():
        logger.info("%s: %d", name.replace("_", " "), count)
    return StepResult(metrics=removed)


def batch_folder() -> Path:
    """Where the questions and answers of batches lie."""
    return Path(settings.LFB_DATA_DIR) / "batches"


def _remove_old_files(folder: Path, before: dt.datetime, pattern: str = "*", keep: Container[str] = ()) -> int:
    old = [
        path
        for path in folder.glob(pattern)
        if path.is_file() and path.name not in keep and path.stat().st_mtime < before.timestamp()
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _remove_free_locks(before: dt.datetime) -> int:
    """Lock files of runs that have ended; a run removes its own unless it was killed."""
    active = {f"{upkeep.lock_name(run)}.lock" for run in DatasetRun.objects.active().only("lock_token")}
    return _remove_old_files(upkeep.lock_folder(), before, "run-*.lock", active)

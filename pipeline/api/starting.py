"""The one place where the API starts runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline import runs
from pipeline.core.errors import MissingInputError
from pipeline.models import DatasetRun, Trigger

POLL_SECONDS = 0.2
STOPPING_SECONDS = 2.0  # a run that is told to stop has mostly ended by then
# Half of a web process's threads: however many calls hold on, others are answered.
MAX_WAITING = 2
_waiting = threading.BoundedSemaphore(MAX_WAITING)


def start_run(step: str, given: Mapping[str, Any], *, by: Any, then: Sequence[str] = ()) -> DatasetRun:
    """Queue a run, and behind it those of the steps that follow."""
    return runs.enqueue(step, given, by=by, trigger=Trigger.API, then=then)


def cancel_run(run: DatasetRun, *, by: Any) -> None:
    """Cancel a run; a running one ends within moments. Raises MissingInputError where it has ended."""
    if not runs.cancel(run, by_name=by.get_username()):
        raise MissingInputError(
            f"Run {run.pk} cannot be cancelled: it has ended already ({run.get_status_display().lower()}).",
            code="cannot_cancel",
            hint="Look at its status.",
        )
    await_end(run, STOPPING_SECONDS)


def retry_run(run: DatasetRun, *, by: Any) -> DatasetRun:
    """Queue the step of an ended run again. Raises MissingInputError while it has not ended."""
    return runs.retry(run, by=by, trigger=Trigger.API)


def await_end(run: DatasetRun, seconds: float) -> DatasetRun:
    """Hold until the run has ended, at most so long; not at all where MAX_WAITING calls do so already."""
    if run.has_ended or not seconds or not _waiting.acquire(blocking=False):
        return run
    try:
        deadline = time.monotonic() + seconds
        while not run.has_ended and time.monotonic() < deadline:
            time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))
            run.refresh_from_db()
    finally:
        _waiting.release()
    return run

"""The one place where the API starts runs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pipeline import runs
from pipeline.core.errors import MissingInputError
from pipeline.models import DatasetRun, Trigger

POLL_SECONDS = 0.2


def start_run(step: str, given: Mapping[str, Any], *, by: Any) -> DatasetRun:
    """Queue a run; a process of its own executes it."""
    return runs.enqueue(step, given, by=by, by_name=by.get_username(), trigger=Trigger.API)


def cancel_run(run: DatasetRun, *, by: Any) -> None:
    """Cancel a run that waits. Raises MissingInputError where it runs already or has ended."""
    if not runs.cancel(run, by_name=by.get_username()):
        why = f"has ended already ({run.get_status_display().lower()})" if run.has_ended else "runs already"
        raise MissingInputError(
            f"Run {run.pk} cannot be cancelled: it {why}.", code="cannot_cancel", hint="Look at its status."
        )


def await_end(run: DatasetRun, seconds: float) -> DatasetRun:
    """Hold until the run has ended, at most so long."""
    deadline = time.monotonic() + seconds
    while not run.has_ended and time.monotonic() < deadline:
        time.sleep(min(POLL_SECONDS, max(0.0, deadline - time.monotonic())))
        run.refresh_from_db()
    return run

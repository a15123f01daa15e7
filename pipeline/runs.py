"""Starts and executes runs, and is the only writer of their state.

A living run holds the lock file named by its token. The kernel frees the lock when the process dies, however it
dies, so a run that is said to be running and whose lock is free was killed: it is closed as crashed at the next start.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from pipeline import background, steps
from pipeline.core.errors import PipelineError, StepBusyError
from pipeline.core.params import StepParams
from pipeline.core.progress import Progress, silent
from pipeline.core.results import StepResult
from pipeline.models import DatasetRun, RunStatus, Trigger
from pipeline.run_log import RunLog, collected
from pipeline.storage import locks, outputs, process

logger = logging.getLogger(__name__)

PROGRESS_INTERVAL_SECONDS = 1.0
TAKE_UP_SECONDS = 120
BACKGROUND = "background"  # the job of a run that waits for its own process


@dataclass
class RunContext:
    """What an action learns of the run it works for."""

    run_id: int
    code_version: str = ""
    progress: Progress = silent

    @property
    def owner(self) -> str:
        """The name under which the run stages its output."""
        return owner_name(self.run_id)


def owner_name(run_id: int) -> str:
    return f"run-{run_id}"


def lock_folder() -> Path:
    return Path(settings.LFB_DATA_DIR) / ".locks"


def start(
    step_name: str,
    given: Mapping[str, Any] | None = None,
    *,
    by: AbstractBaseUser | None = None,
    by_name: str = "",
    trigger: Trigger,
    progress: Progress = silent,
) -> DatasetRun:
    """Record a run of `step_name` and execute it now. Parameters that make no sense raise before anything starts."""
    step = steps.get(step_name)
    params = step.make_params(given or {})
    close_dead_runs()
    token = uuid.uuid4()
    # The lock comes before the row: there is no moment at which a living run looks dead.
    with locks.held(lock_folder(), _run_lock(token)):
        run = _record(step, params, by=by, by_name=by_name, trigger=trigger, token=token)
        _execute(run, progress)
    locks.forget(lock_folder(), _run_lock(token))
    return run


def enqueue(
    step_name: str,
    given: Mapping[str, Any] | None = None,
    *,
    by: AbstractBaseUser | None = None,
    by_name: str = "",
    trigger: Trigger,
) -> DatasetRun:
    """Record a run of `step_name` as queued; a process of its own executes it once the record is committed."""
    step = steps.get(step_name)
    params = step.make_params(given or {})
    close_dead_runs()
    run = _record(step, params, by=by, by_name=by_name, trigger=trigger, job_id=BACKGROUND)
    transaction.on_commit(lambda: background.launch(run.pk))
    return run


def execute(run_id: int, *, progress: Progress = silent) -> DatasetRun:
    """Execute a queued run, if nobody else does or did. The door is the background process."""
    run = DatasetRun.objects.get(pk=run_id)
    with locks.held(lock_folder(), _run_lock(run.lock_token)) as is_mine:
        # One UPDATE decides who executes it: no run is executed twice.
        waiting = DatasetRun.objects.filter(pk=run.pk, status=RunStatus.QUEUED, job_id=BACKGROUND)
        if is_mine and waiting.update(job_id=""):
            run.refresh_from_db()
            _execute(run, progress)
    if run.has_ended:
        locks.forget(lock_folder(), _run_lock(run.lock_token))
    return run


def cancel(run: DatasetRun, *, by_name: str) -> bool:
    """Cancel a run that still waits for its process; False where it runs already or has ended."""
    waiting = DatasetRun.objects.filter(pk=run.pk, status=RunStatus.QUEUED, job_id=BACKGROUND)
    note = f"Cancelled by {by_name} before it began."
    cancelled = waiting.update(status=RunStatus.CANCELLED, finished_at=timezone.now(), job_id="", notes=[note])
    run.refresh_from_db()
    return bool(cancelled)


def _record(
    step: steps.Step,
    params: StepParams,
    *,
    by: AbstractBaseUser | None,
    by_name: str,
    trigger: Trigger,
    token: uuid.UUID | None = None,
    job_id: str = "",
) -> DatasetRun:
    return DatasetRun.objects.create(
        step=step.name,
        trigger=trigger,
        started_by=by,
        started_by_name=by.get_username() if by else by_name or "unknown",
        parameters=params.as_dict(),
        lock_token=token or uuid.uuid4(),
        job_id=job_id,
        code_version=settings.LFB_CODE_VERSION or process.code_version(settings.BASE_DIR),
    )


def _run_lock(token: uuid.UUID) -> str:
    return f"run-{token}"


def _execute(run: DatasetRun, progress: Progress) -> None:
    """Take the run from queued to its end; whatever happens is written to its record."""
    step = steps.get(run.step)
    run.status, run.started_at = RunStatus.RUNNING, timezone.now()
    run.save(update_fields=["status", "started_at"])
    process.reset_peak_memory()
    reporter = _Reporter(run, progress)
    with collected(run.pk) as log:
        try:
            with ExitStack() as stack:
                if step.lock:
                    _take_step_lock(stack, step, run)
                recover_outputs()
                result = step.run(step.restore_params(run.parameters), RunContext(run.pk, run.code_version, reporter))
        except PipelineError as error:
            logger.error("%s: %s", error.code, error.message)
            _close(run, RunStatus.FAILED, log, error=error)
        except KeyboardInterrupt:
            logger.warning("interrupted from the keyboard; %s", _fate_of_output(run))
            _close(run, RunStatus.CANCELLED, log)
            raise
        except Exception:
            logger.exception("run %s of %s ended unexpectedly", run.pk, run.step)
            _close(run, RunStatus.CRASHED, log, error=_apology(run))
        else:
            _close(run, RunStatus.SUCCEEDED, log, result=result)


def _take_step_lock(stack: ExitStack, step: steps.Step, run: DatasetRun) -> None:
    if stack.enter_context(locks.held(lock_folder(), f"step-{step.lock}")):
        return
    same_lock = [other.name for other in steps.every() if other.lock == step.lock]
    holder = DatasetRun.objects.filter(step__in=same_lock, status=RunStatus.RUNNING).exclude(pk=run.pk).first()
    who = f"run {holder.pk} of {holder.step}, started by {holder.started_by_name}," if holder else "another process"
    raise StepBusyError(f"{step.title} cannot start: {who} is writing the same output right now.")


def _fate_of_output(run: DatasetRun) -> str:
    """What became of the output of a run that did not end well."""
    if outputs.was_written(output_folders(), owner_name(run.pk)):
        return "its output was complete and is in place"
    return "the last good output was left as it was"


def _apology(run: DatasetRun) -> PipelineError:
    return PipelineError(
        f"Something went wrong that should not have: sorry; {_fate_of_output(run)}. "
        f"The details are in the log of run {run.pk}.",
        code="unexpected_error",
        hint="Start again; if it happens twice, tell the developers the run's number.",
    )


def _close(
    run: DatasetRun,
    status: RunStatus,
    log: RunLog,
    *,
    result: StepResult | None = None,
    error: PipelineError | None = None,
) -> None:
    run.status, run.finished_at = status, timezone.now()
    run.log_excerpt = log.excerpt()
    run.peak_memory_bytes = process.peak_memory_bytes()
    if error is not None:
        run.error_code, run.error_message = error.code, error.message
        run.error_hint, run.error_fields = error.hint, error.fields
        result = getattr(error, "partial_result", None)
    if result is not None:
        run.rows_in, run.rows_out = result.rows_in, result.rows_out
        run.rejects, run.metrics, run.details = dict(result.rejects), dict(result.metrics), dict(result.details)
        run.inputs = [record.as_dict() for record in result.inputs]
        run.outputs = [record.as_dict() for record in result.outputs]
        run.notes, run.is_sample = list(result.notes), result.is_sample
    run.save()
    outputs.forget(output_folders(), owner_name(run.pk))


@dataclass
class _Reporter:
    """Passes progress on to the door at once, and to the record about once a second."""

    run: DatasetRun
    door: Progress
    written_at: float = field(default_factory=time.monotonic)

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        self.door(stage, done, total)
        now = time.monotonic()
        if now - self.written_at < PROGRESS_INTERVAL_SECONDS:
            return
        self.written_at = now
        self.run.progress = {"stage": stage, "done": done, "total": total}
        DatasetRun.objects.filter(pk=self.run.pk).update(progress=self.run.progress)


def _too_long_ago() -> dt.datetime:
    """A run queued before this moment should have been taken up by its process long since."""
    return timezone.now() - dt.timedelta(seconds=TAKE_UP_SECONDS)


def close_dead_runs() -> list[DatasetRun]:
    """Close as crashed every run whose process is gone. Returns them."""
    dead = [
        run
        for run in DatasetRun.objects.active().filter(Q(job_id="") | Q(queued_at__lt=_too_long_ago()))
        if not locks.is_held(lock_folder(), _run_lock(run.lock_token))
    ]
    if dead:
        recover_outputs()
    closed = []
    for run in dead:
        if _close_dead_run(run):
            closed.append(run)
        outputs.forget(output_folders(), owner_name(run.pk))
        locks.forget(lock_folder(), _run_lock(run.lock_token))
    return closed


def _close_dead_run(run: DatasetRun) -> bool:
    """Write the truth about one killed run; False where another process has done so in the meantime."""
    return bool(
        DatasetRun.objects.active()
        .filter(pk=run.pk)
        .update(
            status=RunStatus.CRASHED,
            finished_at=timezone.now(),
            error_code="killed",
            error_message=f"The process of this run was killed before it could end; {_fate_of_output(run)}.",
            error_hint="Start the step again.",
        )
    )


def output_folders() -> tuple[Path, ...]:
    return Path(settings.LFB_DATA_DIR), Path(settings.LFB_REFERENCE_DIR), Path(settings.LFB_MODEL_DIR)


def recover_outputs() -> None:
    """Complete or clear away what killed runs were about to put in place."""
    for folder in output_folders():
        outputs.recover(folder, is_alive=_is_alive)


def _is_alive(owner: str) -> bool:
    run = DatasetRun.objects.filter(pk=owner.removeprefix("run-")).only("lock_token").first()
    return run is not None and locks.is_held(lock_folder(), _run_lock(run.lock_token))

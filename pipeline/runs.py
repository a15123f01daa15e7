"""Starts, executes, cancels and retries runs; with the upkeep, the only writer of their state."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from pipeline import queues, steps, upkeep
from pipeline.core.errors import MissingInputError, PipelineError, QueueUnavailableError, RunCancelled, StepBusyError
from pipeline.core.params import StepParams
from pipeline.core.progress import Progress, silent
from pipeline.core.results import StepResult
from pipeline.measured_log import get_logger
from pipeline.models import DatasetRun, RunStatus, Schedule, Trigger
from pipeline.run_log import RunLog, collected
from pipeline.signals import run_ended
from pipeline.storage import locks, outputs, process
from pipeline.storage.source_faults import PASSING

logger = get_logger(__name__)

PROGRESS_INTERVAL_SECONDS = 1.0
# Whoever asks for a run to be cancelled writes to its record too: the end touches its own columns alone.
WRITTEN_AT_THE_END = (
    "status", "finished_at", "log_excerpt", "peak_memory_bytes", "error_code", "error_message", "error_hint", "error_fields",
    "rows_in", "rows_out", "rejects", "metrics", "details", "inputs", "outputs", "notes", "is_sample",
)  # fmt: skip


@dataclass
class RunContext:
    """What an action learns of the run it works for."""

    run_id: int
    code_version: str = ""
    progress: Progress = silent

    @property
    def owner(self) -> str:
        """The name under which the run stages its output."""
        return upkeep.owner_name(self.run_id)


def start(
    step_name: str,
    given: Mapping[str, Any] | None = None,
    *,
    by: User | None = None,
    by_name: str = "",
    trigger: Trigger,
    progress: Progress = silent,
) -> DatasetRun:
    """Record a run of `step_name` and execute it now. Parameters that make no sense raise before anything starts."""
    step = steps.get(step_name)
    params = step.make_params(given or {})
    upkeep.close_dead_runs()
    run = _unsaved(step, params, by=by, by_name=by_name, trigger=trigger)
    run.status, run.started_at = RunStatus.RUNNING, timezone.now()
    # The lock comes before the row: there is no moment at which a living run looks dead.
    with locks.held(upkeep.lock_folder(), upkeep.lock_name(run)):
        run.save()
        _execute(run, progress)
    locks.forget(upkeep.lock_folder(), upkeep.lock_name(run))
    return run


def enqueue(
    step_name: str,
    given: Mapping[str, Any] | None = None,
    *,
    by: User | None = None,
    by_name: str = "",
    trigger: Trigger,
    then: Sequence[str] = (),
) -> DatasetRun:
    """Record a run of `step_name` as queued; a worker executes it once the record is committed.

    The steps of `then` follow with their usual parameters. Raises QueueUnavailableError, and records nothing, where the
    queue does not answer.
    """
    chain = [(step_name, given or {}), *((name, {}) for name in then)]
    queues.require_reachable()
    return enqueue_chain(chain, by=by, by_name=by_name, trigger=trigger)[0]


def enqueue_chain(
    chain: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    by: User | None = None,
    by_name: str = "",
    trigger: Trigger,
    schedule: Schedule | None = None,
) -> list[DatasetRun]:
    """Record the runs of a chain of steps with their parameters: each begins when the one before it has succeeded.

    They wait for the queue where it does not answer.
    """
    planned = [(step := steps.get(name), step.make_params(given)) for name, given in chain]
    runs: list[DatasetRun] = []
    with transaction.atomic():
        for step, params in planned:
            run = _unsaved(step, params, by=by, by_name=by_name, trigger=trigger)
            run.job_id = str(run.lock_token)
            run.follows = runs[-1] if runs else None
            run.schedule = schedule
            run.save()
            runs.append(run)
        transaction.on_commit(lambda: _hand_over(runs[0]))
    return runs


def _hand_over(run: DatasetRun) -> None:
    try:
        queues.put(run)
    except QueueUnavailableError:
        logger.warning("run %s waits: the job queue does not answer", run.pk)  # the upkeep hands it over later


def execute(run_id: int, *, progress: Progress = silent) -> DatasetRun:
    """Execute a queued run, if nobody else does or did. The door is the worker."""
    run = DatasetRun.objects.get(pk=run_id)
    with locks.held(upkeep.lock_folder(), upkeep.lock_name(run)) as is_mine:
        # One UPDATE decides who executes it: no run is executed twice.
        may_begin = is_mine and DatasetRun.objects.waiting().filter(pk=run.pk).exists()
        queued = DatasetRun.objects.filter(pk=run.pk, status=RunStatus.QUEUED)
        if may_begin and queued.update(status=RunStatus.RUNNING, started_at=timezone.now()):
            run.refresh_from_db()
            _execute(run, progress)
    run.refresh_from_db()
    if run.has_ended:
        locks.forget(upkeep.lock_folder(), upkeep.lock_name(run))
    return run


def cancel(run: DatasetRun, *, by_name: str) -> bool:
    """End a run: at once where it waits, within moments where it runs. False where it has ended already.

    The output of a cancelled run is left as it was before, or is whole where the run was about to end.
    """
    note = f"Cancelled by {by_name} before it began."
    waiting = DatasetRun.objects.filter(pk=run.pk, status=RunStatus.QUEUED)
    if waiting.update(status=RunStatus.CANCELLED, finished_at=timezone.now(), notes=[note]):
        queues.remove(run)
        run.refresh_from_db()
        upkeep.follow_up(run)
        return True
    asked = DatasetRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING).update(cancel_requested_by=by_name)
    if asked and run.job_id:
        queues.stop(run)
    run.refresh_from_db()
    return bool(asked)


def can_retry(run: DatasetRun) -> bool:
    """Whether the step may be started again: the run has ended, and is no part that only another run starts."""
    return run.has_ended and not any(step.name == run.step and step.part_of for step in steps.every())


def retry(run: DatasetRun, *, by: User | None = None, by_name: str = "", trigger: Trigger) -> DatasetRun:
    """Start the step of an ended run again with the parameters it had. Raises MissingInputError where it may not be."""
    if not run.has_ended:
        raise MissingInputError(
            f"Run {run.pk} has not ended: there is nothing to retry yet.",
            code="cannot_retry",
            hint="Wait for it, or cancel it first.",
        )
    if not can_retry(run):
        raise MissingInputError(
            f"Run {run.pk} is a part of another run and means nothing alone.",
            code="cannot_retry",
            hint="Start that one again.",
        )
    queues.require_reachable()
    again = _again(run)
    again.trigger, again.started_by = trigger, by
    again.started_by_name = by.get_username() if by else by_name or "unknown"
    again.save()
    transaction.on_commit(lambda: _hand_over(again))
    return again


def _unsaved(step: steps.Step, params: StepParams, *, by: User | None, by_name: str, trigger: Trigger) -> DatasetRun:
    return DatasetRun(
        step=step.name,
        trigger=trigger,
        started_by=by,
        started_by_name=by.get_username() if by else by_name or "unknown",
        parameters=params.as_dict(),
        lock_token=uuid.uuid4(),
        code_version=_code_version(),
    )


def _again(run: DatasetRun) -> DatasetRun:
    """An unsaved run with the step and parameters of `run`."""
    token = uuid.uuid4()
    return DatasetRun(
        step=run.step, trigger=run.trigger, started_by=run.started_by, started_by_name=run.started_by_name,
        parameters=run.parameters, lock_token=token, job_id=str(token), retry_of=run, schedule=run.schedule,
        code_version=_code_version(),
    )  # fmt: skip


def _code_version() -> str:
    return settings.LFB_CODE_VERSION or process.code_version(settings.BASE_DIR)


def _execute(run: DatasetRun, progress: Progress) -> None:
    """Take a run that has just begun to its end; whatever happens is written to its record."""
    step = steps.get(run.step)
    process.reset_peak_memory()
    with collected(run) as log:
        reporter = _Reporter(run, progress, log)
        logger.info("run %s of %s begins, started by %s", run.pk, run.step, run.started_by_name)
        try:
            with ExitStack() as stack:
                if step.lock:
                    _take_step_lock(stack, step, run)
                upkeep.recover_outputs()
                result = step.run(step.restore_params(run.parameters), RunContext(run.pk, run.code_version, reporter))
        except PipelineError as error:
            logger.error("%s: %s", error.code, error.message)
            _close(run, RunStatus.FAILED, log, error=error)
        except RunCancelled as asked:
            logger.warning("cancelled by %s; %s", asked, upkeep.fate_of_output(run))
            run.notes = [f"Cancelled by {asked}; {upkeep.fate_of_output(run)}."]
            _close(run, RunStatus.CANCELLED, log)
        except KeyboardInterrupt:
            logger.warning("interrupted from the keyboard; %s", upkeep.fate_of_output(run))
            _close(run, RunStatus.CANCELLED, log)
            raise
        except Exception:
            logger.exception("run %s of %s ended unexpectedly", run.pk, run.step)
            _close(run, RunStatus.CRASHED, log, error=_apology(run))
        else:
            for note in result.notes:
                logger.debug("%s", note)
            logger.info("run %s of %s succeeded: %s", run.pk, run.step, _rows(result), metrics=result.metrics)
            _close(run, RunStatus.SUCCEEDED, log, result=result)


def _rows(result: StepResult) -> str:
    return (
        ", ".join(
            f"{rows} rows {way}" for rows, way in ((result.rows_in, "in"), (result.rows_out, "out")) if rows is not None
        )
        or "done"
    )


def _take_step_lock(stack: ExitStack, step: steps.Step, run: DatasetRun) -> None:
    """Hold the lock of the step's output. Queued work waits for it; a person at a command is told at once who has it."""
    wait = float(step.time_limit_seconds) if run.job_id else 0.0
    if wait:
        DatasetRun.objects.filter(pk=run.pk).update(
            progress={"stage": "waiting for its turn", "done": 0, "total": None}
        )
    if stack.enter_context(locks.held(upkeep.lock_folder(), f"step-{step.lock}", wait_seconds=wait)):
        return
    same_lock = [other.name for other in steps.every() if other.lock == step.lock]
    holder = DatasetRun.objects.filter(step__in=same_lock, status=RunStatus.RUNNING).exclude(pk=run.pk).first()
    who = f"run {holder.pk} of {holder.step}, started by {holder.started_by_name}," if holder else "another process"
    raise StepBusyError(f"{step.title} cannot start: {who} is writing the same output right now.")


def _apology(run: DatasetRun) -> PipelineError:
    return PipelineError(
        f"Something went wrong that should not have: sorry; {upkeep.fate_of_output(run)}. "
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
    if result is not None:
        run.rows_in, run.rows_out = result.rows_in, result.rows_out
        run.rejects, run.metrics, run.details = dict(result.rejects), dict(result.metrics), dict(result.details)
        run.inputs = [record.as_dict() for record in result.inputs]
        run.outputs = [record.as_dict() for record in result.outputs]
        run.notes, run.is_sample = list(result.notes), result.is_sample
    with transaction.atomic():
        run.save(update_fields=WRITTEN_AT_THE_END)
        if status == RunStatus.FAILED and run.job_id and run.error_code in PASSING:
            _try_later(run)
    outputs.forget(upkeep.output_folders(), upkeep.owner_name(run.pk))
    upkeep.follow_up(run)
    run_ended.send_robust(DatasetRun, run=run)  # whoever watches cannot fail the run


def _try_later(run: DatasetRun) -> None:
    """Queue another attempt for a fault that passes by itself; what follows the run follows the new attempt."""
    if run.attempt >= settings.LFB_DOWNLOAD_ATTEMPTS:
        return
    wait = dt.timedelta(seconds=settings.LFB_DOWNLOAD_BACKOFF_SECONDS * 4 ** (run.attempt - 1))
    again = _again(run)
    again.attempt, again.not_before = run.attempt + 1, timezone.now() + wait
    again.save()
    run.followers.filter(status=RunStatus.QUEUED).update(follows=again)
    logger.info("run %s tries again what run %s could not, not before %s", again.pk, run.pk, again.not_before)


@dataclass
class _Reporter:
    """Passes progress on to the door at once; writes a new stage at once to the record, else about once a second.

    The log is written with it: whoever follows the run reads it, and a run that is killed keeps what it said last. Ends the
    run where that is asked.
    """

    run: DatasetRun
    door: Progress
    log: RunLog
    written_at: float = field(default_factory=time.monotonic)

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        self.door(stage, done, total)
        now = time.monotonic()
        is_new_stage = stage != self.run.progress.get("stage")
        if not is_new_stage and now - self.written_at < PROGRESS_INTERVAL_SECONDS:
            return
        self.run.progress = {"stage": stage, "done": done, "total": total}
        wanted = DatasetRun.objects.filter(pk=self.run.pk, cancel_requested_by="")
        if not wanted.update(progress=self.run.progress, log_excerpt=self.log.excerpt()):
            raise RunCancelled(DatasetRun.objects.values_list("cancel_requested_by", flat=True).get(pk=self.run.pk))
        self.written_at = now  # not before: who asks again after the end was asked for is told again

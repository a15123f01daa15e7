"""Keeps the records true and the queues full: closes what was killed, moves chains on, hands waiting runs to the workers.

A living run holds the lock file named by its token. The kernel frees the lock when the process dies, however it
dies, so a run that is said to be running and whose lock is free was killed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from pipeline import queues
from pipeline.core.errors import QueueUnavailableError
from pipeline.models import DatasetRun, RunStatus
from pipeline.signals import run_ended
from pipeline.storage import locks, outputs

logger = logging.getLogger(__name__)


def look_after() -> None:
    """All of the upkeep. Workers and the scheduler call this every few seconds, as often as they like."""
    close_dead_runs()
    stop_broken_chains()
    hand_over_waiting_runs()


def lock_folder() -> Path:
    return Path(settings.LFB_DATA_DIR) / ".locks"


def lock_name(run: DatasetRun) -> str:
    return f"run-{run.lock_token}"


def owner_name(run_id: int) -> str:
    """The name under which a run stages its output."""
    return f"run-{run_id}"


def output_folders() -> tuple[Path, ...]:
    return Path(settings.LFB_DATA_DIR), Path(settings.LFB_REFERENCE_DIR), Path(settings.LFB_MODEL_DIR)


def recover_outputs() -> None:
    """Complete or clear away what killed runs were about to put in place."""
    for folder in output_folders():
        outputs.recover(folder, is_alive=_is_alive)


def _is_alive(owner: str) -> bool:
    number = owner.removeprefix("run-")
    if not number.isdecimal():
        return False  # no run stages under such a name: a stranger's folder must not stop every run
    run = DatasetRun.objects.filter(pk=number).only("lock_token").first()
    return run is not None and locks.is_held(lock_folder(), lock_name(run))


def fate_of_output(run: DatasetRun) -> str:
    """What became of the output of a run that did not end well."""
    if outputs.was_written(output_folders(), owner_name(run.pk)):
        return "its output was complete and is in place"
    return "the last good output was left as it was"


def close_dead_runs() -> list[DatasetRun]:
    """Close every run whose process is gone: as cancelled where that was asked for, else as crashed. Returns them."""
    dead = [
        run
        for run in DatasetRun.objects.filter(status=RunStatus.RUNNING)
        if not locks.is_held(lock_folder(), lock_name(run))
    ]
    if dead:
        recover_outputs()
    closed = []
    for run in dead:
        if _close_dead_run(run):
            closed.append(run)
            follow_up(run)
            run_ended.send_robust(DatasetRun, run=run)
        outputs.forget(output_folders(), owner_name(run.pk))
        locks.forget(lock_folder(), lock_name(run))
    return closed


def _close_dead_run(run: DatasetRun) -> bool:
    """Write the truth about one killed run; False where another process has done so in the meantime."""
    run.refresh_from_db(fields=["status", "cancel_requested_by"])
    run.finished_at = timezone.now()
    if run.cancel_requested_by:
        run.status, run.notes = RunStatus.CANCELLED, [f"Cancelled by {run.cancel_requested_by}; {fate_of_output(run)}."]
    else:
        run.status, run.error_code = RunStatus.CRASHED, "killed"
        run.error_message = f"The process of this run was killed before it could end; {fate_of_output(run)}."
        run.error_hint = "Start the step again."
    names = ("status", "finished_at", "notes", "error_code", "error_message", "error_hint")
    closed = DatasetRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING).update(
        **{name: getattr(run, name) for name in names}
    )
    if closed:
        logger.warning("run %s of %s ended: %s", run.pk, run.step, run.get_status_display().lower())
    return bool(closed)


def follow_up(run: DatasetRun) -> None:
    """After the end of `run`: let the runs that follow it begin, or cancel them; none of its parts begins any more."""
    note = f"Not begun: run {run.pk}, which it is part of, has ended."
    parts = DatasetRun.objects.filter(status=RunStatus.QUEUED, parameters__part_of_run=run.pk)
    parts.update(status=RunStatus.CANCELLED, finished_at=timezone.now(), notes=[note])
    if DatasetRun.objects.filter(follows=run, status=RunStatus.QUEUED).exists():
        stop_broken_chains()
        hand_over_waiting_runs()


def stop_broken_chains() -> None:
    """Cancel the waiting runs whose predecessor did not succeed."""
    failed = (RunStatus.FAILED, RunStatus.CRASHED, RunStatus.CANCELLED)
    following = DatasetRun.objects.filter(status=RunStatus.QUEUED, follows__status__in=failed)
    # One after the other: cancelling one run of a chain is what stops the next.
    while (run := following.select_related("follows").first()) and (before := run.follows):
        note = f"Not begun: run {before.pk} before it ({before.step}) {before.get_status_display().lower()}."
        DatasetRun.objects.filter(pk=run.pk, status=RunStatus.QUEUED).update(
            status=RunStatus.CANCELLED, finished_at=timezone.now(), notes=[note]
        )


def hand_over_waiting_runs() -> None:
    """Put every waiting run into its queue that is not there: the queue's server may have been away or been emptied."""
    waiting = list(DatasetRun.objects.waiting().exclude(job_id="").order_by("pk"))
    if not waiting:
        return
    try:
        known = queues.known_job_ids()
        put(run for run in waiting if run.job_id not in known)
    except QueueUnavailableError:
        logger.warning("%d runs wait: the job queue does not answer", len(waiting))


def put(runs: Iterable[DatasetRun]) -> None:
    for run in runs:
        queues.put(run)

"""The job queues: puts runs into them, takes them out, stops them, and tells their state.

The record of a run is the truth; a queue only carries its number to a worker, and can be filled again from the records.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from pipeline import steps
from pipeline.core.errors import QueueUnavailableError
from pipeline.models import DatasetRun

if TYPE_CHECKING:
    from rq.queue import Queue

JOB = "pipeline.jobs.execute_run"
KEPT_SECONDS = 24 * 3600  # how long the queue's own pages show a job that has ended


@dataclass(frozen=True)
class QueueState:
    """What the queues hold at this moment."""

    connected: bool
    workers: int = 0
    busy_workers: int = 0
    schedulers: int = 0
    waiting: int = 0
    oldest_seconds: float = 0.0
    by_queue: dict[str, int] | None = None


def names() -> tuple[str, ...]:
    return tuple(settings.RQ_QUEUES)


def _queue(name: str) -> Queue:
    import django_rq

    return django_rq.get_queue(name)


def _queues() -> list[Queue]:
    return [_queue(name) for name in names()]


@contextmanager
def _explained() -> Iterator[None]:
    """A server that does not answer becomes an error that says what to do."""
    from redis.exceptions import RedisError

    try:
        yield
    except RedisError as error:
        raise QueueUnavailableError("The job queue does not answer, so nothing was started.") from error


def require_reachable() -> None:
    """Raise QueueUnavailableError unless the queue's server answers."""
    with _explained():
        _queue("default").connection.ping()


def put(run: DatasetRun) -> None:
    """Hand the run to the workers. A run that is handed over twice is executed once all the same."""
    step = steps.get(run.step)
    with _explained():
        _queue(step.queue).enqueue_call(
            JOB,
            args=(run.pk,),
            job_id=run.job_id,
            timeout=step.time_limit_seconds,
            result_ttl=KEPT_SECONDS,
            failure_ttl=KEPT_SECONDS,
            description=f"run {run.pk}: {run.step}",
        )


def remove(run: DatasetRun) -> None:
    """Take a waiting run out of its queue; a worker that has it already finds it cancelled."""
    from redis.exceptions import RedisError
    from rq.exceptions import NoSuchJobError
    from rq.job import Job

    queue = _queue(steps.get(run.step).queue)
    with suppress(RedisError, NoSuchJobError):
        Job.fetch(run.job_id, connection=queue.connection, serializer=queue.serializer).delete()


def stop(run: DatasetRun) -> None:
    """Tell the worker that executes the run to kill it."""
    from rq.command import send_stop_job_command
    from rq.exceptions import InvalidJobOperation, NoSuchJobError

    queue = _queue(steps.get(run.step).queue)
    with _explained(), suppress(InvalidJobOperation, NoSuchJobError):
        send_stop_job_command(queue.connection, run.job_id, serializer=queue.serializer)


def known_job_ids() -> set[str]:
    """The jobs that the queues hold or workers have begun."""
    from rq.registry import StartedJobRegistry

    known: set[str] = set()
    with _explained():
        for queue in _queues():
            known.update(queue.get_job_ids())
            known.update(StartedJobRegistry(queue=queue).get_job_ids(cleanup=False))
    return known


def state() -> QueueState:
    """Depth, age and workers; `connected` is False where the server does not answer."""
    from rq import cron_scheduler_registry
    from rq.worker import Worker

    try:
        with _explained():
            queues = _queues()
            by_queue = {queue.name: queue.count for queue in queues}
            workers = Worker.all(connection=queues[0].connection)
            cron_scheduler_registry.cleanup(queues[0].connection)  # of those that are gone
            schedulers = len(cron_scheduler_registry.get_keys(queues[0].connection))
    except QueueUnavailableError:
        return QueueState(connected=False)
    oldest = DatasetRun.objects.waiting().order_by("queued_at").values_list("queued_at", flat=True).first()
    age = (timezone.now() - oldest) if oldest else dt.timedelta()
    return QueueState(
        connected=True,
        workers=len(workers),
        busy_workers=sum(worker.get_state() == "busy" for worker in workers),
        schedulers=schedulers,
        waiting=sum(by_queue.values()),
        oldest_seconds=age.total_seconds(),
        by_queue=by_queue,
    )

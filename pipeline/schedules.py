"""The timetable: which chains exist, when each schedule is due, and who starts it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.utils import timezone
from django_rq.cron import DjangoCronScheduler
from redis.exceptions import RedisError
from rq.cron import CronJob
from rq.exceptions import StopRequested

from pipeline import runs, upkeep
from pipeline.models import Chain, DatasetRun, IfMissed, Schedule, Trigger

logger = logging.getLogger(__name__)

CHAINS: dict[str, tuple[str, ...]] = {
    # The version in use meets the new months before a newer one may take its place.
    Chain.INTAKE_AND_RETRAIN: ("process_data", "build_features", "monitor_model", "train_model", "evaluate_model"),
    Chain.INTAKE: ("process_data", "build_features", "monitor_model"),
    Chain.RETRAIN: ("train_model", "evaluate_model"),
    Chain.HOUSEKEEPING: ("housekeeping", "track_models"),
}
LATE_AFTER = dt.timedelta(minutes=5)  # a time that lies farther back was missed
TICK_SECONDS = 5.0


def next_due(cron: str, after: dt.datetime) -> dt.datetime:
    """The first moment after `after` that fits the expression, on London's clock."""
    job = CronJob("default", func_name="-", cron=cron)
    job.latest_enqueue_time = after
    return job.get_next_enqueue_time()


def start_due(now: dt.datetime | None = None) -> list[DatasetRun]:
    """Start what is due; returns the first run of each chain. Any number of schedulers may do this at once."""
    now = now or timezone.now()
    started = []
    for schedule in Schedule.objects.filter(enabled=True):
        if next_due(schedule.cron, schedule.handled_until) > now:
            continue
        # One UPDATE decides which scheduler takes the time.
        mine = Schedule.objects.filter(pk=schedule.pk, handled_until=schedule.handled_until).update(handled_until=now)
        if mine and (first := _take(schedule, now)):
            started.append(first)
    return started


def _take(schedule: Schedule, now: dt.datetime) -> DatasetRun | None:
    """Start a schedule whose time has come, by its rule where the time was missed."""
    in_time = next_due(schedule.cron, max(schedule.handled_until, now - LATE_AFTER)) <= now
    busy = schedule.runs.active().first()
    if busy is not None:
        _note(schedule, f"{now:%d %b %Y %H:%M}: skipped, run {busy.pk} of it had not ended")
    elif not in_time and schedule.if_missed == IfMissed.SKIP:
        _note(schedule, f"{now:%d %b %Y %H:%M}: a time was missed and skipped")
    else:
        return start(schedule, trigger=Trigger.SCHEDULE, by_name=f"schedule “{schedule.name}”")
    return None


def start(schedule: Schedule, *, trigger: Trigger, by: Any = None, by_name: str = "") -> DatasetRun:
    """Queue the chain of `schedule` now; returns its first run."""
    chain: list[tuple[str, dict[str, Any]]] = [(step, {}) for step in CHAINS[schedule.chain]]
    first = runs.enqueue_chain(chain, by=by, by_name=by_name, trigger=trigger, schedule=schedule)[0]
    _note(schedule, f"{timezone.localtime():%d %b %Y %H:%M}: started as run {first.pk}")
    return first


def _note(schedule: Schedule, event: str) -> None:
    logger.info("schedule %s: %s", schedule.name, event)
    Schedule.objects.filter(pk=schedule.pk).update(last_event=event)


@contextmanager
def _queue_may_be_away() -> Iterator[None]:
    """The timetable stands in the database: what is due is recorded all the same, and handed over once the queue is back."""
    try:
        yield
    except RedisError:
        logger.warning("the job queue does not answer; the timetable goes on")


class Timekeeper(DjangoCronScheduler):
    """RQ's scheduler with the timetable of the database, so that it is edited while it runs."""

    def enqueue_jobs(self) -> list[CronJob]:
        """Start what is due, and look after the runs meanwhile."""
        try:
            self._cron_jobs = [
                CronJob(
                    "default", func_name=f"{schedule.chain}: {schedule.name}", name=schedule.name, cron=schedule.cron
                )
                for schedule in Schedule.objects.filter(enabled=True)
            ]
            start_due()
            upkeep.look_after()
        except StopRequested:  # the signal to end may come at any moment
            raise
        except Exception:
            logger.exception("the timetable could not be looked after; it is tried again in a moment")
        finally:
            connections.close_all()
        return self._cron_jobs  # so that their next times are shown

    def save(self, *args: Any, **kwargs: Any) -> None:
        with _queue_may_be_away():
            super().save(*args, **kwargs)

    def heartbeat(self) -> None:
        with _queue_may_be_away():
            super().heartbeat()

    def register_death(self, *args: Any, **kwargs: Any) -> None:
        with _queue_may_be_away():
            super().register_death(*args, **kwargs)

    def calculate_sleep_interval(self) -> float:
        return TICK_SECONDS

"""The worker of the queues: notices within seconds what was killed, and takes its own children with it when it dies."""

from __future__ import annotations

import ctypes
import logging
import signal
import sys
from typing import Any

from django.db import connections
from redis.exceptions import RedisError
from rq import Worker, worker_registration
from rq.exceptions import StopRequested
from rq.job import Job
from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty

from pipeline import upkeep
from pipeline.core.errors import TimeLimitError
from pipeline.core.wording import readable_duration

logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1


def die_with_parent(signal_number: int = signal.SIGKILL) -> None:
    """Have the kernel send this process the signal when its parent dies (Linux; elsewhere nothing happens)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number)


class TimeLimit(UnixSignalDeathPenalty):
    """Ends a step that takes too long with an error that says so."""

    def handle_death_penalty(self, signum: int, frame: Any) -> None:
        if self._exception is JobTimeoutException:
            raise TimeLimitError(
                f"The step was ended: it took longer than the {readable_duration(self._timeout)} it may."
            )
        super().handle_death_penalty(signum, frame)


class StepWorker(Worker):
    """Executes each run in a process of its own.

    As RQ comes, a killed worker's job is missed for minutes. These three intervals, in seconds, bring that below one.
    """

    death_penalty_class = TimeLimit
    max_connection_wait_time = 5.0  # the queue's server is back within a second or two

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"maintenance_interval": 15, "job_monitoring_interval": 5, "worker_ttl": 30})

    def run_maintenance_tasks(self) -> None:
        super().run_maintenance_tasks()
        self._look_after()

    def fork_work_horse(self, job: Job, queue: Any) -> None:
        connections.close_all()  # a database connection must not be shared by two processes
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Any) -> None:
        die_with_parent()
        super().main_work_horse(job, queue)

    def monitor_work_horse(self, job: Job, queue: Any, execution: Any) -> None:
        super().monitor_work_horse(job, queue, execution)
        # Whether it ended well or was killed: what happened is on record before the next job begins.
        self._look_after()

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        super().heartbeat(timeout, pipeline=pipeline)
        worker_registration.register(self, pipeline)  # the queue's server may have been emptied since the worker began

    def maintain_heartbeats(self, job: Job, execution: Any) -> None:
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError:
            logger.warning("the job queue does not answer; the run goes on")

    def _look_after(self) -> None:
        try:
            upkeep.look_after()
        except StopRequested:  # the signal to end may come at any moment
            raise
        except Exception:
            logger.exception("the upkeep of the runs failed; it is tried again in a moment")
        finally:
            connections.close_all()

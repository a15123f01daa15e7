"""Whether the role in this container is alive, by the exit status: `python deploy/health.py {worker,scheduler,URL}`.

Alive is not complete: what the site lacks to answer questions, such as a model, is told by its /health.
"""

import datetime as dt
import os
import socket
import sys
from urllib.request import Request, urlopen

SILENT_FOR = dt.timedelta(seconds=90)


def ask(url: str) -> None:
    """Raise unless the server answers well. As the proxy asks: the client is said to have come by HTTPS."""
    with urlopen(Request(url, headers={"X-Forwarded-Proto": "https"}), timeout=4):  # noqa: S310
        pass


def listen(role: str) -> None:
    """Raise unless a worker or scheduler of this container has told the queue's server lately that it lives."""
    from redis import Redis
    from rq import Worker
    from rq.cron import CronScheduler

    connection = Redis.from_url(os.environ["REDIS_URL"], socket_timeout=4)
    kind = {"worker": Worker, "scheduler": CronScheduler}[role]
    here = [found.last_heartbeat for found in kind.all(connection) if found.hostname == socket.gethostname()]
    if not any(heard and dt.datetime.now(dt.UTC) - heard < SILENT_FOR for heard in here):
        raise SystemExit(f"No {role} of this container was heard of within {SILENT_FOR.seconds} s.")


if __name__ == "__main__":
    (ask if "://" in sys.argv[1] else listen)(sys.argv[1])

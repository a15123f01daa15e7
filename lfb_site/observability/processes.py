"""Where processes that are scraped together count: which file of PROMETHEUS_MULTIPROC_DIR is whose.

Counts of a process that has ended must not be lost, so its file stays. Named after process numbers, as they come, there
would be a new file for each web worker and each run, and each scrape would read them all. Here a file is named after a
role, and whoever takes the role over counts on in it. Two living processes never have the same role.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from prometheus_client import values


def _own_number() -> str:
    return str(os.getpid())


_role: Callable[[], str] = _own_number

# To be done before the first metric is made: each remembers where it counts.
if values.ValueClass._multiprocess:
    values.ValueClass = values.MultiProcessValue(lambda: _role())


def count_as(role: Callable[[], str]) -> None:
    """Count as `role` from now on; it is asked for at each count, so that a forked process may have its own."""
    global _role
    _role = role


def count_runs_together() -> None:
    """For a worker of the queues: its runs, each in a process of its own and one after the other, share one role."""
    worker = os.getpid()
    count_as(lambda: str(worker) if os.getpid() == worker else f"{worker}-run")


def web_role(slot: int) -> str:
    return f"web-{slot}"


def free_slot(taken: Collection[int]) -> int:
    """The lowest number that no living web worker has."""
    return next(number for number in range(len(taken) + 1) if number not in taken)


def empty(folder: Path, roles: str = "*") -> None:
    """Make the folder, and let the counts of these roles begin at 0."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob(f"*_{roles}.db"):
        file.unlink(missing_ok=True)

"""Keeps the lines that a run logs, so that its page can show them: the first ones and the latest."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from pipeline.log_lines import LineFormatter

if TYPE_CHECKING:
    from pipeline.models import DatasetRun

FIRST_LINES, LAST_LINES = 100, 300
COMPONENTS = ("pipeline", "predictions")

# The run that this thread works for: whatever is logged meanwhile belongs to it.
current_run: ContextVar[DatasetRun | None] = ContextVar("current_run", default=None)


class RunLog(logging.Handler):
    """Collects the records of one run; other runs of the same process are left out."""

    def __init__(self, run: DatasetRun) -> None:
        super().__init__(level=logging.INFO)
        self.setFormatter(LineFormatter())
        self.run = run
        self.first: list[str] = []
        self.last: deque[str] = deque(maxlen=LAST_LINES)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        if current_run.get() is not self.run:
            return
        self.count += 1
        if len(self.first) < FIRST_LINES:
            self.first.append(self.format(record))
        else:
            self.last.append(self.format(record))

    def excerpt(self) -> str:
        left_out = self.count - len(self.first) - len(self.last)
        gap = [f"… {left_out} lines left out …"] if left_out else []
        return "\n".join([*self.first, *gap, *self.last])


@contextmanager
def collected(run: DatasetRun) -> Iterator[RunLog]:
    """Collect what the components log while the block runs."""
    handler = RunLog(run)
    token = current_run.set(run)
    loggers = [logging.getLogger(name) for name in COMPONENTS]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield handler
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        current_run.reset(token)

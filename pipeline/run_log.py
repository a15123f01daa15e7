"""Keeps the lines that a run logs, so that its page can show them: the first ones and the latest."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LINE_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
FIRST_LINES, LAST_LINES = 100, 300
COMPONENTS = ("pipeline", "predictions")

current_run: ContextVar[int | None] = ContextVar("current_run", default=None)


class RunLog(logging.Handler):
    """Collects the records of one run; other runs of the same process are left out."""

    def __init__(self, run_id: int) -> None:
        super().__init__(level=logging.INFO)
        self.setFormatter(logging.Formatter(LINE_FORMAT))
        self.run_id = run_id
        self.first: list[str] = []
        self.last: deque[str] = deque(maxlen=LAST_LINES)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        if current_run.get() != self.run_id:
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
def collected(run_id: int) -> Iterator[RunLog]:
    """Collect what the components log while the block runs."""
    handler = RunLog(run_id)
    token = current_run.set(run_id)
    loggers = [logging.getLogger(name) for name in COMPONENTS]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield handler
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        current_run.reset(token)

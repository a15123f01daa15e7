"""Runs several programs as one: started in order, restarted when one dies, ended together, none left behind."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from pipeline.worker import die_with_parent

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
MAX_DEATHS, DEATHS_WITHIN_SECONDS = 5, 60.0


@dataclass
class Program:
    """One program: its command, and how it is told to end.

    `ready` returns, or raises, once others may count on it; `dies_by` is the signal that the kernel sends it when this
    process is killed. One that the others rely on is told to end when they have ended (`ends_last`).
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], None] = lambda: None
    end_signal: signal.Signals = signal.SIGTERM
    dies_by: signal.Signals = signal.SIGTERM
    patience_seconds: float = 20.0
    ends_last: bool = False
    process: subprocess.Popen[bytes] | None = None
    asked_at: float | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_DEATHS))

    def start(self) -> None:
        # A session of its own: Ctrl-C reaches this process alone, which then ends the programs in order.
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(self.dies_by),
        )
        self.ready()

    def exit_status(self) -> int | None:
        """How the program ended; None while it runs."""
        return self.process.poll() if self.process else None

    def dies_too_often(self) -> bool:
        self.deaths.append(time.monotonic())
        return len(self.deaths) == MAX_DEATHS and self.deaths[-1] - self.deaths[0] < DEATHS_WITHIN_SECONDS

    def ask_to_end(self) -> None:
        """Once: some programs take a second signal for an order to drop everything."""
        if self.process is not None and self.exit_status() is None and self.asked_at is None:
            self.asked_at = time.monotonic()
            self.process.send_signal(self.end_signal)

    def end(self) -> None:
        """Ask the program to end; kill it where it does not within its patience."""
        self.ask_to_end()
        if self.process is None or self.asked_at is None:
            return
        try:
            self.process.wait(max(0.0, self.asked_at + self.patience_seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger.warning("%s does not end after %g s: killed", self.name, self.patience_seconds)
            self.process.kill()
            self.process.wait()


class _EndError(Exception):
    """A signal asked for the end."""


def _asked_to_end(number: int, frame: FrameType | None) -> None:
    raise _EndError


def supervise(programs: Sequence[Program]) -> int:
    """Start the programs in order and keep them running until a signal comes; 0, or 1 where one cannot be kept alive."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _asked_to_end)
    status = 0
    try:
        for program in programs:
            program.start()
        while status == 0:
            time.sleep(POLL_SECONDS)
            for program in programs:
                if program.exit_status() is not None and not _revived(program):
                    status = 1
    except _EndError:
        logger.info("ending")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for program in reversed(programs):
            if not program.ends_last:
                program.ask_to_end()
        for program in reversed(programs):
            program.end()
    return status


def _revived(program: Program) -> bool:
    if program.dies_too_often():
        print(f"{program.name} died {MAX_DEATHS} times within a minute: everything is ended.", file=sys.stderr)
        return False
    logger.warning("%s died (%s): started again", program.name, program.exit_status())
    program.start()
    return True

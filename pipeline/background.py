"""Starts the process that executes a queued run, apart from the one that took the order."""

from __future__ import annotations

import subprocess
import sys

from django.conf import settings


def launch(run_id: int) -> None:
    """Execute run `run_id` in a new process of its own session: it outlives the web worker that asked for it."""
    subprocess.Popen(  # noqa: S603
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "execute_run", str(run_id)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

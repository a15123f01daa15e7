"""The one function that the queues call."""

from __future__ import annotations


def execute_run(run_id: int) -> str:
    """Execute a queued run in a worker. Its record says how it ended; the answer is for the queue's own pages."""
    from pipeline import runs

    return str(runs.execute(run_id))

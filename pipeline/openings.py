"""The log of holdout use: which runs have already judged a model on these days.

Choices made after a look at the holdout overfit it, so every opening of a last period is on record.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from pipeline.core.splits import Period
from pipeline.core.wording import readable_count
from pipeline.models import DatasetRun

STEPS = ("train_model", "evaluate_model")
NAMED = 3  # how many earlier runs a sentence names


def opening(period: Period, engines: int) -> dict[str, Any]:
    """What a run that opens `period` keeps in its details, with the runs that opened some of these days before it."""
    first, last = period
    earlier = [
        {"run": run, "at": at.isoformat(), "by": by}
        for run, at, by, known in DatasetRun.objects.succeeded()
        .filter(step__in=STEPS, details__has_key="opened")
        .order_by("pk")
        .values_list("pk", "finished_at", "started_by_name", "details__opened")
        if at and dt.date.fromisoformat(known["from"]) <= last and dt.date.fromisoformat(known["to"]) >= first
    ]
    return {"from": first.isoformat(), "to": last.isoformat(), "engines": engines, "earlier": earlier}


def sentence(opened: dict[str, Any]) -> str:
    """
    >>> sentence({"from": "2023-08-01", "to": "2023-09-30", "engines": 2996, "earlier": []})
    'The last period, 1 August 2023 to 30 September 2023, 2,996 engines, was opened for the first time.'
    """
    first, last = (f"{dt.date.fromisoformat(opened[name]):%-d %B %Y}" for name in ("from", "to"))
    told = f"The last period, {first} to {last}, {readable_count(opened['engines'])} engines, was opened"
    earlier = opened["earlier"]
    if not earlier:
        return f"{told} for the first time."
    runs = ", ".join(f"{entry['run']} by {entry['by']}" for entry in earlier[-NAMED:])
    times = "once" if len(earlier) == 1 else f"{readable_count(len(earlier))} times"
    return f"{told} {times} before, in whole or in part (last by run {runs}): choices made after a look flatter the figures."

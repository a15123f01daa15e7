"""Clears away what nobody needs any more."""

from __future__ import annotations

from pipeline.management.base import StepCommand


class Command(StepCommand):
    help = (
        "Remove expired sessions, old failed logins, the answers of old batches, and what killed runs left lying about."
    )
    step = "housekeeping"

"""Keeps the timetable until it is told to stop."""

from __future__ import annotations

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pipeline import queues
from pipeline.core.errors import QueueUnavailableError


class Command(BaseCommand):
    help = "Start what the timetable says, and look after the records of the runs. Several may run; each time is taken once."

    def handle(self, *args: Any, **options: Any) -> None:
        import django_rq

        from pipeline.schedules import Timekeeper

        try:
            queues.require_reachable()
        except QueueUnavailableError as error:
            raise CommandError(f"{error.message} {error.hint}") from error
        logging.getLogger("rq.cron").setLevel(logging.WARNING)
        Timekeeper(django_rq.get_connection("default"), logging_level=logging.WARNING).start()

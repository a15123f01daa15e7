"""Works on the job queues until it is told to stop."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from lfb_site.observability import processes, scraping
from pipeline import queues, steps
from pipeline.core.errors import QueueUnavailableError


class Command(BaseCommand):
    help = "Execute queued runs, one after the other. SIGTERM lets the present run end; a second one ends it at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queues", nargs="*", help="Queues to work on, the most urgent first (default: all).")
        parser.add_argument("--burst", action="store_true", help="End when nothing is left to do.")

    def handle(self, *args: Any, **options: Any) -> None:
        from django_rq.workers import get_worker

        chosen = options["queues"] or queues.names()
        unknown = sorted(set(chosen) - set(queues.names()))
        if unknown:
            raise CommandError(f"There is no queue {', '.join(unknown)}: wanted some of {', '.join(queues.names())}.")
        try:
            queues.require_reachable()
        except QueueUnavailableError as error:
            raise CommandError(f"{error.message} {error.hint}") from error
        # Loaded once here, instead of by every run in a process of its own.
        for step in steps.every():
            import_module(step.action.rsplit(".", 1)[0])
        worker = get_worker(*chosen, serializer="rq.serializers.JSONSerializer")
        worker.log_job_description = False
        processes.count_runs_together()
        scraping.serve_worker()
        connections.close_all()
        worker.work(burst=options["burst"], logging_level="WARNING")

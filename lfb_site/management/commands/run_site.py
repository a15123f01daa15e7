"""The whole site on one machine: job queue, workers, timetable and web server, started and ended together."""

from __future__ import annotations

import signal
import socket
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from lfb_site import environment
from lfb_site.observability import processes
from lfb_site.supervisor import Program, supervise
from pipeline import upkeep
from pipeline.core.errors import PipelineError
from pipeline.storage import broker, locks

READY_SECONDS = 30.0


def require_free(host: str, port: int) -> None:
    """Raise CommandError where nothing can listen there: the web server would try for half a minute, and then die."""
    host = host.strip("[]")
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise CommandError(
            f"The web server cannot listen on port {port} of {host}: {why}. "
            "Choose another one: run_site --port NUMBER, or make run PORT=NUMBER."
        ) from error


class Command(BaseCommand):
    help = "Start everything the site needs and keep it running; Ctrl-C ends it all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, help="Port of the web server on this machine (default: 8000).")

    def handle(self, *args: Any, **options: Any) -> None:
        # Where no port is given, the web server's own configuration reads the same two variables.
        host = "127.0.0.1" if options["port"] else environment.text("HOST", "127.0.0.1")
        port = options["port"] or environment.integer("PORT", 8_000, low=1, high=65_535)
        with locks.held(upkeep.lock_folder(), "site") as is_mine:
            if not is_mine:
                raise CommandError(f"The site runs already with the data folder {settings.LFB_DATA_DIR}.")
            require_free(host, port)
            counts = environment.tell_children("PROMETHEUS_MULTIPROC_DIR", str(settings.LFB_DATA_DIR / ".metrics"))
            processes.empty(Path(counts))
            try:
                status = supervise(self.programs(f"{host}:{port}"))
            except PipelineError as error:
                raise CommandError(f"{error.message} {error.hint}") from error
            upkeep.close_dead_runs()
        sys.exit(status)

    def programs(self, address: str) -> list[Program]:
        """In the order of their start; the first, on which the others rely, ends last."""
        python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
        found = [self.broker()] if settings.LFB_OWN_BROKER else []
        # A worker is asked twice: the first time it lets its run end. Its run is whole or not begun either way.
        found += [
            Program(f"worker {number}", [python, manage, "run_worker"], dies_by=signal.SIGKILL, patience_seconds=10)
            for number in range(1, settings.LFB_WORKERS + 1)
        ]
        web = [str(Path(python).with_name("gunicorn")), "--config", str(settings.BASE_DIR / "deploy/gunicorn.conf.py")]
        return [
            *found,
            Program("scheduler", [python, manage, "run_scheduler"], patience_seconds=10),
            Program("web", [*web, "--bind", address, "lfb_site.wsgi"], patience_seconds=25),
        ]

    def broker(self) -> Program:
        url = settings.REDIS_URL
        return Program(
            "job queue",
            broker.server_command(url, Path(settings.LFB_DATA_DIR) / "broker"),
            ready=lambda: broker.await_ready(url, READY_SECONDS),
            ends_last=True,
        )

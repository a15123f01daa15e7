"""Executes one queued run; the site calls it in the background."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from pipeline import runs


class Command(BaseCommand):
    help = "Execute a queued run by its number. The site calls this by itself; nothing happens to a run that is not queued."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, help="Number of the run.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(str(runs.execute(options["run"])))

"""Prints the model card of a version."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pipeline import registry
from pipeline.core.errors import PipelineError
from pipeline.model_card import model_card


class Command(BaseCommand):
    help = "Print the model card of a version as Markdown: data, period, inputs, figures with n, limits, licence."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version_number", nargs="?", type=int, metavar="VERSION", help="Default: the one in use.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(model_card(registry.get(options["version_number"])))
        except PipelineError as error:
            raise CommandError(f"{error.message}\n{error.hint}\n[{error.code}]") from error

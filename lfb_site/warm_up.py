"""Loads what the first request would otherwise wait for."""

from __future__ import annotations

import logging

from pipeline.core.errors import PipelineError
from pipeline.models import Station
from predictions.actions.predict_attendance import predict_attendance

logger = logging.getLogger("pipeline.warm_up")


def warm_up() -> None:
    """The model in use and the libraries it needs, by one question. A site without a model starts all the same."""
    try:
        predict_attendance(1.0, Station.objects.in_use().values_list("name", flat=True)[0])
    except (PipelineError, IndexError) as error:
        logger.warning("no model was loaded: %s", error)

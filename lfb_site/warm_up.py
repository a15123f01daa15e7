"""Loads what the first request would otherwise wait for."""

from __future__ import annotations

import logging

from pipeline import response_times
from pipeline.core.errors import PipelineError
from predictions.actions.predict_attendance import predict_attendance
from predictions.places import distance_to_place
from predictions.station_book import known_stations

logger = logging.getLogger("pipeline.warm_up")


def warm_up() -> None:
    """The model in use and the libraries it needs, by one question, and the response times; the site starts without, too."""
    try:
        predict_attendance(1.0, next(iter(known_stations().values())).name)
        distance_to_place("Acton", easting_m=520_000.0, northing_m=180_000.0)
    except (PipelineError, StopIteration) as error:
        logger.warning("no model was loaded: %s", error)
    try:
        response_times.book()
    except PipelineError as error:
        logger.warning("no response times were loaded: %s", error)

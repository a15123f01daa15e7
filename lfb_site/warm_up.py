"""Loads what the first request would otherwise wait for."""

from __future__ import annotations

import logging

from pipeline import response_times
from pipeline.core.errors import PipelineError
from predictions.actions.predict_attendance import predict_trip
from predictions.places import find_place
from predictions.questions import make_trip

logger = logging.getLogger("pipeline.warm_up")


def warm_up() -> None:
    """The model in use and the libraries it needs, by one question, and the response times; the site starts without, too."""
    answer = predict_trip.__wrapped__  # nobody asked, so nothing is counted
    try:
        place = find_place(easting_m=520_000.0, northing_m=180_000.0)
        answer(make_trip("Acton", place=place), explain=True)
        answer(make_trip("Acton", 1.0))
    except PipelineError as error:
        logger.warning("no model was loaded: %s", error)
    try:
        response_times.book()
    except PipelineError as error:
        logger.warning("no response times were loaded: %s", error)

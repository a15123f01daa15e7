"""Loads what the first request would otherwise wait for."""

from __future__ import annotations

import logging

from pipeline.core.errors import PipelineError
from predictions.actions.predict_attendance import predict_trip
from predictions.places import find_place
from predictions.questions import make_trip
from predictions.station_book import known_stations

logger = logging.getLogger("pipeline.warm_up")


def warm_up() -> None:
    """The model in use and the libraries it needs, by one question. A site without a model starts all the same."""
    answer = predict_trip.__wrapped__  # nobody asked, so nothing is counted
    try:
        place = find_place(easting_m=520_000.0, northing_m=180_000.0)
        answer(make_trip("Acton", place=place), explain=True)
        for station in known_stations().values():
            answer(make_trip(station.name, 1.0))
    except PipelineError as error:
        logger.warning("no model was loaded: %s", error)

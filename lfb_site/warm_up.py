"""Loads what the first request would otherwise wait for."""

from __future__ import annotations

import logging

from pipeline import registry
from pipeline.core.errors import PipelineError

logger = logging.getLogger("pipeline.warm_up")


def warm_up() -> None:
    """The model in use and the libraries it needs. A site without one starts all the same."""
    try:
        registry.estimator_of(registry.current())
    except PipelineError as error:
        logger.warning("no model was loaded: %s", error.message)

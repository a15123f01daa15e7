"""Which component a log record or a figure belongs to: that of the step being run, else that of the logger's name."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

from django.utils.functional import SimpleLazyObject

from pipeline.run_log import current_run

COMPONENTS = ("data_preprocessing", "build_features", "train_model", "predict_model", "eval_model", "api")

_OF_STEP = {
    "process_data": "data_preprocessing",
    "make_sample_data": "data_preprocessing",
    "build_features": "build_features",
    "train_model": "train_model",
    "track_models": "train_model",
    "evaluate_model": "eval_model",
    "monitor_model": "eval_model",
    "backtest_model": "eval_model",
    "backtest_fold": "eval_model",
    "predict": "predict_model",
    "predict_batch": "predict_model",
}
_OF_LOGGER = {f"pipeline.actions.{step}": component for step, component in _OF_STEP.items()} | {
    "predictions": "predict_model"
}

# The request that this thread answers.
current_request: ContextVar[Any] = ContextVar("current_request", default=None)


def of_step(step: str) -> str:
    """The component of a step; what belongs to none, such as housekeeping, is the site's own: api."""
    return _OF_STEP.get(step, "api")


def of_logger(name: str) -> str:
    """The component of what is being logged now under `name`."""
    run = current_run.get()
    if run is not None:
        return of_step(run.step)
    while name:
        if name in _OF_LOGGER:
            return _OF_LOGGER[name]
        name = name.rpartition(".")[0]
    return "api"


class Context(logging.Filter):
    """Gives each record its component, run, step and user, for the handlers behind it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "component"):
            run = current_run.get()
            record.component = of_logger(record.name)
            record.run = run.pk if run else None
            record.step = run.step if run else None
            record.user = (
                run.started_by_name if run else _user(getattr(record, "request", None) or current_request.get())
            )
        return True


class OfComponent(Context):
    """Lets the records of one component pass."""

    def __init__(self, component: str) -> None:
        super().__init__()
        self.component = component

    def filter(self, record: logging.LogRecord) -> bool:
        super().filter(record)
        return bool(record.component == self.component)  # type: ignore[attr-defined]


def _user(request: Any) -> str | None:
    """Who is logged in, where the request at hand knows already: to log must not ask the database."""
    known = getattr(request, "__dict__", {})
    user = known.get("_cached_user") or known.get("user")
    if user is None or type(user) is SimpleLazyObject:
        return None
    return user.get_username() or None


def remember_request(get_response: Any) -> Any:
    """Middleware: what is logged meanwhile belongs to this request."""

    def middleware(request: Any) -> Any:
        token = current_request.set(request)
        try:
            return get_response(request)
        finally:
            current_request.reset(token)

    return middleware

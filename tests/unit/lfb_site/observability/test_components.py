"""Which log file a message goes to, and whose it is."""

import logging
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.utils.functional import SimpleLazyObject

from lfb_site.observability import components
from pipeline import steps
from pipeline.run_log import current_run


@pytest.fixture
def during():
    """While a run of this step is executed."""
    tokens = []

    def _during(step):
        tokens.append(current_run.set(SimpleNamespace(pk=7, step=step, started_by_name="ada")))

    yield _during
    for token in reversed(tokens):
        current_run.reset(token)


def seen(name="pipeline.storage.tables"):
    record = logging.LogRecord(name, logging.INFO, __file__, 1, "message", (), None)
    components.Context().filter(record)
    return record


@pytest.mark.parametrize(
    ("step", "component"),
    [
        ("process_data", "data_preprocessing"), ("make_sample_data", "data_preprocessing"), ("build_features", "build_features"),
        ("train_model", "train_model"), ("evaluate_model", "eval_model"), ("predict", "predict_model"), ("housekeeping", "api"),
        ("track_models", "train_model"), ("backtest_model", "eval_model"), ("backtest_fold", "eval_model"), ("predict_batch", "predict_model"),
    ],
)  # fmt: skip
def test_whatever_is_logged_during_a_step_belongs_to_it(during, step, component):
    during(step)
    for name in ("pipeline.storage.tables", "py.warnings", "urllib3.connectionpool", "predictions"):
        record = seen(name)
        assert (record.component, record.run, record.step, record.user) == (component, 7, step, "ada")


def test_every_step_but_upkeep_has_a_component_of_its_own():
    assert {step.name for step in steps.every() if components.of_step(step.name) == "api"} == {"housekeeping"}


@pytest.mark.parametrize(
    ("name", "component"),
    [
        ("predictions.actions.predict_attendance", "predict_model"), ("pipeline.actions.train_model", "train_model"),
        ("pipeline.actions.process_data", "data_preprocessing"), ("pipeline.schedules", "api"), ("django.request", "api"),
        ("py.warnings", "api"), ("predictionsx", "api"),
    ],
)  # fmt: skip
def test_outside_of_steps_the_name_tells(name, component):
    assert seen(name).component == component


def test_one_component_alone_passes_its_filter():
    record = seen("predictions")
    passing = [name for name in components.COMPONENTS if components.OfComponent(name).filter(record)]
    assert passing == ["predict_model"]


def answer_with(user):
    """The user that a record made during a request names."""
    found = []

    def view(request):
        found.append(seen().user)

    components.remember_request(view)(SimpleNamespace(**user))
    return found[0]


def test_the_user_is_named_once_the_request_knows_them():
    ada = User(username="ada")
    assert answer_with({"user": ada}) == "ada"
    assert answer_with({"_cached_user": ada, "user": SimpleLazyObject(lambda: ada)}) == "ada"
    assert answer_with({}) is None


def test_to_log_does_not_ask_the_database_for_the_user():
    def ask():
        raise AssertionError("asked")

    assert answer_with({"user": SimpleLazyObject(ask)}) is None

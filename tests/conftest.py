"""What all tests share: folders of their own, and small worlds to start from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core import serializers
from django.db import transaction

from lfb_site.models import AccessToken
from pipeline import registry
from pipeline.models import DatasetRun, ModelVersion, Promotion, Trigger
from tests.http_server import PublisherServer
from tests.real_data import real_data_dir


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    """Every test has data, reference and model folders of its own, and no sources that lead outside."""
    for name in ("data", "models"):
        (tmp_path / name).mkdir()
    settings.LFB_DATA_DIR = tmp_path / "data"
    settings.LFB_REFERENCE_DIR = tmp_path / "data" / "ref"
    settings.LFB_MODEL_DIR = tmp_path / "models"
    settings.LFB_INCIDENT_SOURCES = ()
    settings.LFB_MOBILISATION_SOURCES = ()
    settings.LFB_YEARS = ()
    settings.LFB_REFRESH_SECONDS = 0
    forget_everything()
    return tmp_path


def forget_everything() -> None:
    """Empty what the process keeps in its memory from one test to the next."""
    from lfb_site import authentication, throttling, verified
    from pipeline import response_times
    from predictions import place_names, station_book

    registry._serving.forget()
    station_book.remembered.forget()
    place_names.remembered.forget()
    response_times.remembered.forget()
    verified.verified.clear()
    authentication.failures.clear()
    throttling.requests.clear()


@pytest.fixture(scope="session")
def stations() -> pd.DataFrame:
    """The shipped stations as the core wants them."""
    path = Path(__file__).resolve().parent.parent / "pipeline" / "reference" / "stations.csv"
    return pd.read_csv(path, parse_dates=["closed"]).astype({"station_name": "str"})


@pytest.fixture
def publisher():
    """A publisher on this machine that can misbehave."""
    with PublisherServer() as server:
        yield server


@pytest.fixture
def real_data() -> Path:
    folder = real_data_dir()
    if folder is None:
        pytest.skip("the real files are not here")  # they are not part of the project
    return folder


@pytest.fixture
def start(db):
    """Start a step as a command does; the run comes back."""
    from pipeline import runs

    def _start(step: str, **given):
        return runs.start(step, given, by_name="tester", trigger=Trigger.COMMAND)

    return _start


@pytest.fixture
def sample_sources(start, settings):
    """A small pair of generated files, set as the sources."""

    def _make(incidents: int = 3_000, **given):
        run = start("make_sample_data", incidents=incidents, years=(2023,), **given)
        assert run.status == "succeeded", run.error_message
        settings.LFB_INCIDENT_SOURCES, settings.LFB_MOBILISATION_SOURCES = ((output["path"],) for output in run.outputs)
        return run

    return _make


@pytest.fixture(scope="session")
def trained_site(tmp_path_factory, django_db_setup, django_db_blocker):
    """A site trained once on a small sample: its folders, and its rows as text. The database itself stays as it was."""
    from django.test import override_settings

    from pipeline import runs

    folder = tmp_path_factory.mktemp("trained")
    data, models = folder / "data", folder / "models"
    data.mkdir()
    models.mkdir()
    sample = [str(data / "sample" / f"{dataset}_sample.csv") for dataset in ("incident", "mobilisation")]
    steps = {
        "make_sample_data": {"incidents": 3_000, "years": (2023,)},
        "process_data": {"incident_sources": sample[:1], "mobilisation_sources": sample[1:]},
        "build_features": {},
        "train_model": {},
    }
    of_this_site = override_settings(LFB_DATA_DIR=data, LFB_REFERENCE_DIR=data / "ref", LFB_MODEL_DIR=models)
    with of_this_site, django_db_blocker.unblock(), transaction.atomic():
        for step, given in steps.items():
            run = runs.start(step, given, by_name="tester", trigger=Trigger.COMMAND)
            assert run.status == "succeeded", f"{run.error_code}: {run.error_message}"
        rows = serializers.serialize(
            "json", [*DatasetRun.objects.all(), *ModelVersion.objects.all(), *Promotion.objects.all()]
        )
        transaction.set_rollback(True)
    return folder, rows


@pytest.fixture
def trained(trained_site, db, folders, settings):
    """A site with a model in use, trained on a small sample, in folders of this test alone."""
    folder, rows = trained_site
    for name in ("data", "models"):
        shutil.copytree(folder / name, folders / name, dirs_exist_ok=True)
    for row in serializers.deserialize("json", rows):
        row.save()
    settings.LFB_INCIDENT_SOURCES = (str(folders / "data" / "sample" / "incident_sample.csv"),)
    settings.LFB_MOBILISATION_SOURCES = (str(folders / "data" / "sample" / "mobilisation_sample.csv"),)
    return ModelVersion.objects.get()


@pytest.fixture
def roles(db):
    """A client of each role, logged in by token: anonymous, standard, administrator; and the users by role."""
    from rest_framework.test import APIClient

    clients = {"anonymous": APIClient(raise_request_exception=False)}
    for role, group in (("standard", "standard users"), ("administrator", "administrators")):
        _, key = AccessToken.make(make_user(role, group), "test")
        clients[role] = APIClient(raise_request_exception=False)
        clients[role].credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return clients


def make_user(name: str, group: str, password: str | None = None):
    user = get_user_model().objects.create_user(name, password=password, is_staff=group == "administrators")
    user.groups.add(Group.objects.get(name=group))
    return user

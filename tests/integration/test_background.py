"""Runs that are ordered in one process and executed in another."""

import io
import subprocess
import sys
import time

import pytest
from django.core.management import call_command

from pipeline import background, runs
from pipeline.models import DatasetRun, RunStatus, Trigger
from tests.integration.test_kill import ROOT, environment, finish, manage, records

pytestmark = pytest.mark.django_db


@pytest.fixture
def launched(monkeypatch):
    asked = []
    monkeypatch.setattr(background, "launch", asked.append)
    return asked


def order(step="build_features", **given):
    return runs.enqueue(step, given, by_name="tester", trigger=Trigger.API)


def test_an_order_is_recorded_and_launched_after_the_commit(launched, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        run = order()
        assert (run.status, launched) == (RunStatus.QUEUED, [])
    assert launched == [run.pk]


def test_a_queued_run_is_executed_once(launched):
    run = order()
    call_command("execute_run", str(run.pk), stdout=io.StringIO())
    assert DatasetRun.objects.get(pk=run.pk).status == RunStatus.FAILED  # there is nothing to build from
    finished = DatasetRun.objects.get(pk=run.pk).finished_at
    runs.execute(run.pk)
    assert DatasetRun.objects.get(pk=run.pk).finished_at == finished


def test_a_waiting_order_can_be_cancelled_and_is_not_executed_then(launched):
    run = order()
    assert runs.cancel(run, by_name="chief")
    assert runs.execute(run.pk).status == RunStatus.CANCELLED
    assert run.notes == ["Cancelled by chief before it began."]


def test_a_run_that_has_begun_cannot_be_cancelled(launched):
    run = order()
    DatasetRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, job_id="")
    assert not runs.cancel(run, by_name="chief")


def test_a_waiting_order_is_not_taken_for_dead(launched):
    run = order()
    assert runs.close_dead_runs() == []
    run.refresh_from_db()
    assert run.status == RunStatus.QUEUED


def test_an_order_that_nobody_took_up_is_closed_in_the_end(launched, monkeypatch):
    run = order()
    monkeypatch.setattr(runs, "TAKE_UP_SECONDS", -1)
    assert runs.close_dead_runs() == [run]
    run.refresh_from_db()
    assert (run.status, run.error_code) == (RunStatus.CRASHED, "killed")


def test_a_process_of_its_own_executes_the_order(tmp_path):
    finish(manage(tmp_path, 1, "migrate", "--verbosity=0"))
    code = (
        "import django; django.setup(); from pipeline import runs; from pipeline.models import Trigger;"
        "runs.enqueue('make_sample_data', {'incidents': 50, 'years': (2023,)}, by_name='x', trigger=Trigger.API)"
    )
    settings = environment(tmp_path, 1) | {"DJANGO_SETTINGS_MODULE": "lfb_site.settings"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=settings, check=True)
    for _ in range(300):
        if records(tmp_path)[0][1] not in ("queued", "running"):
            break
        time.sleep(0.1)
    assert records(tmp_path)[0][:2] == ("make_sample_data", "succeeded")
    assert (tmp_path / "data" / "sample" / "incident_sample.csv").exists()

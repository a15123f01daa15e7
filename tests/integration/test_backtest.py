"""Backtests: folds are runs of their own, and the whole ends truthfully whatever becomes of them."""

import pytest
from django.conf import settings as site_settings

from pipeline import runs, upkeep
from pipeline.models import DatasetRun, RunStatus, Trigger
from tests.integration.markup import text_of

pytestmark = pytest.mark.django_db


def folds_of(run):
    return DatasetRun.objects.filter(step="backtest_fold", pk__gt=run.pk).order_by("pk")


@pytest.mark.parametrize(("way", "folds"), [("period", 2), ("station", 3)])
def test_without_a_worker_it_executes_its_folds_itself(trained, start, client, way, folds):
    run = start("backtest_model", way=way, folds=folds, estimator="linear")
    assert run.status == "succeeded", run.error_message
    found = run.details["backtest"]
    assert [fold.status for fold in folds_of(run)] == ["succeeded"] * folds
    assert [fold["fold"] for fold in found["folds"]] == list(range(1, folds + 1))
    assert all(fold["tested_to"] < str(trained.tested_from) for fold in found["folds"])
    assert run.metrics["mae"] == found["pooled"][0]["mae"]
    page = text_of(client.get("/models"))
    assert ("In earlier periods" in page) == (way == "period")
    assert ("At stations it never saw" in page) == (way == "station")


def test_nothing_is_put_in_use_or_stored(trained, start):
    models = site_settings.LFB_MODEL_DIR
    before = sorted(models.rglob("*"))
    start("backtest_model", folds=1, estimator="linear")
    assert sorted(models.rglob("*")) == before
    assert trained.__class__.objects.count() == 1


def test_cancelled_it_leaves_no_fold_waiting(trained):
    def cancel(stage, done, total=None):
        if stage == "folds":
            own = DatasetRun.objects.get(step="backtest_model")
            runs.cancel(own, by_name="chief")
            raise runs.RunCancelled("chief")

    given = {"folds": 3, "estimator": "linear"}
    run = runs.start("backtest_model", given, by_name="tester", trigger=Trigger.COMMAND, progress=cancel)
    assert run.status == RunStatus.CANCELLED
    assert [fold.status for fold in folds_of(run)] == [RunStatus.CANCELLED] * 3


def test_killed_it_leaves_no_fold_waiting(trained, monkeypatch):
    class Killed(BaseException):
        """Ends the process at once: nothing of the run comes to its end."""

    def kill(*_given, **_options):
        raise Killed

    monkeypatch.setattr(runs, "cancel", kill)
    monkeypatch.setattr("pipeline.actions.backtest_model._await", kill)
    monkeypatch.setattr(runs, "_close", kill)
    with pytest.raises(Killed):
        runs.start("backtest_model", {"folds": 3, "estimator": "linear"}, by_name="tester", trigger=Trigger.COMMAND)
    run = DatasetRun.objects.get(step="backtest_model")
    other = runs.enqueue_chain([("backtest_fold", {"folds": 2})], by_name="tester", trigger=Trigger.COMMAND)[0]
    assert [fold.status for fold in folds_of(run)] == [RunStatus.QUEUED] * 4

    upkeep.close_dead_runs()

    run.refresh_from_db()
    assert run.status == RunStatus.CRASHED
    assert [fold.status for fold in folds_of(run).exclude(pk=other.pk)] == [RunStatus.CANCELLED] * 3
    other.refresh_from_db()
    assert other.status == RunStatus.QUEUED


def test_a_fold_of_other_data_is_refused(trained, start):
    run = start("backtest_fold", fold=1, folds=2, data_sha256="0" * 64)
    assert (run.status, run.error_code) == ("failed", "data_changed")


def test_a_fold_that_fails_fails_the_whole_and_says_which(trained, monkeypatch):
    really = runs.execute

    def replace_the_data(run_id, **given):
        path = site_settings.LFB_DATA_DIR / "global_data.csv"
        path.write_bytes(path.read_bytes() + b"\n")
        return really(run_id, **given)

    monkeypatch.setattr(runs, "execute", replace_the_data)
    run = runs.start("backtest_model", {"folds": 2, "estimator": "linear"}, by_name="tester", trigger=Trigger.COMMAND)
    first, second = folds_of(run)
    assert (run.status, run.error_code) == ("failed", "data_changed")
    assert f"Fold 1, run {first.pk}, did not end well: The feature file was replaced" in run.error_message
    assert (first.status, second.status) == ("failed", "cancelled")


def test_the_command_tells_the_figures(trained, capsys):
    from django.core.management import call_command

    call_command("backtest_model", "--folds", "2", "--estimator", "linear")
    told = capsys.readouterr().out
    assert "in 2 folds" in told
    assert "fold 2, run" in told


def test_each_opening_of_the_last_period_is_on_record(trained, start):
    first = DatasetRun.objects.get(step="train_model")
    assert first.details["opened"]["earlier"] == []
    again = start("evaluate_model")
    assert [entry["run"] for entry in again.details["opened"]["earlier"]] == [first.pk]
    third = start("train_model", estimator="linear")
    assert any("was opened 2 times before" in note for note in third.notes)
    page = (site_settings.LFB_MODEL_DIR / "reports" / "version-0001.html").read_text()
    assert f"was opened once before, in whole or in part (last by run {first.pk} by tester)" in page


def test_the_report_says_what_bad_habits_would_have_claimed(trained, client):
    claims = {claim["name"]: claim for claim in trained.evaluation["claims"]}
    assert claims["bands"]["mae"] < claims["honest"]["mae"]
    page = client.get("/models/1/report").content.decode()
    assert "What bad habits would have claimed" in page
    assert "Hard rows thrown away by their outcome" in page


def test_a_fold_is_not_started_again_alone(trained, start, roles):
    fold = folds_of(start("backtest_model", folds=1, estimator="linear")).get()
    answer = roles["administrator"].post(f"/api/v1/runs/{fold.pk}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_retry")
    assert "part of another run" in answer.json()["message"]

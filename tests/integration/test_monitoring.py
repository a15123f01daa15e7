"""The model in use on the calls that came after its test: judged, shown, and never in the way of a chain."""

import pytest
from django.conf import settings as site_settings
from django.core.management import call_command

from pipeline.models import ModelVersion
from pipeline.storage import tables
from tests.integration.markup import text_of

pytestmark = pytest.mark.django_db


def pretend_tested_until(version, day: str) -> None:
    """As if the last rows of the file had come in since."""
    ModelVersion.objects.filter(pk=version.pk).update(tested_to=day)


def test_with_no_later_calls_it_says_so_and_succeeds(trained, start, client):
    run = start("monitor_model")
    assert run.status == "succeeded"
    assert "0 incidents came after" in run.notes[0]
    assert "Since its test" not in text_of(client.get("/models/1"))


def test_without_a_model_it_says_so_and_succeeds(start):
    run = start("monitor_model")
    assert run.status == "succeeded"
    assert "There is nothing to watch" in run.notes[0]


def test_a_version_whose_files_were_changed_stops_no_chain(trained, start):
    pretend_tested_until(trained, "2023-11-30")
    (site_settings.LFB_MODEL_DIR / trained.file("forecast")["path"]).write_text("{}")
    run = start("monitor_model")
    assert run.status == "succeeded"
    assert "There is nothing to watch" in run.notes[0]


def test_a_version_of_whose_test_no_interval_was_kept_is_judged_alone(trained, start, client):
    pretend_tested_until(trained, "2023-11-30")
    version = ModelVersion.objects.get(pk=trained.pk)
    del version.evaluation["models"][0]["mae_low"]
    version.save()
    run = start("monitor_model")
    assert (run.status, run.details["monitoring"]["tested"]) == ("succeeded", {})
    assert "Since its test" in text_of(client.get("/models/1"))


def test_later_calls_judge_the_version_in_use(trained, start, client):
    pretend_tested_until(trained, "2023-11-30")
    run = start("monitor_model")
    found = run.details["monitoring"]
    features = tables.read_features(site_settings.LFB_DATA_DIR / "global_data.csv")
    assert found["overall"]["n"] == (features["called_at"] >= "2023-12-01").sum() == run.metrics["recent_rows"]
    assert [month["month"] for month in found["months"]] == ["Dec 2023"]
    assert found["tested"]["mae"] == trained.metrics["mae"]
    assert found["is_worse"] is False
    page = text_of(client.get("/models/1"))
    assert "Since its test" in page
    assert "It has not become worse by more than chance explains" in page


def test_a_version_that_has_become_worse_is_called_so(trained, start, client, admin_client):
    pretend_tested_until(trained, "2023-11-30")
    path = site_settings.LFB_DATA_DIR / "global_data.csv"
    features = tables.read_features(path)
    late = features["called_at"] >= "2023-12-01"
    features.loc[late, "attendance_seconds"] += 200
    features.loc[late, "distance_km"] *= 3
    tables.write_features(features, path, path.with_suffix(".parquet"))
    run = start("monitor_model")
    assert run.metrics["is_worse"] == 1
    assert "train anew" in run.notes[0]
    assert "distance" in run.notes[1]
    page = text_of(client.get("/models/1"))
    assert "worse, by more than chance explains" in page
    assert "changed" in page
    assert "worse, beyond chance" in text_of(admin_client.get("/admin/"))
    exported = client.get("/metrics").content.decode()
    assert "\nlfb_model_recent_worse 1.0\n" in exported
    assert '\nlfb_model_input_shift{input="distance_km"} ' in exported


def test_a_version_is_not_judged_by_sample_data_where_it_learnt_from_real_ones(trained, start):
    pretend_tested_until(trained, "2023-11-30")
    ModelVersion.objects.filter(pk=trained.pk).update(is_sample=False)
    run = start("monitor_model")
    assert (run.status, "monitoring" in run.details) == ("succeeded", False)
    assert "learnt from real data and the feature file holds sample data" in run.notes[0]


def test_the_command_tells_the_figures(trained, capsys):
    pretend_tested_until(trained, "2023-11-30")
    call_command("monitor_model")
    assert "was off by" in capsys.readouterr().out

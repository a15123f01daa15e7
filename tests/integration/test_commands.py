"""The commands as a shell sees them."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from pipeline.models import ModelVersion

pytestmark = pytest.mark.django_db


def call(name, *args, **options):
    out = io.StringIO()
    call_command(name, *args, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_prediction_reads_like_a_sentence(trained):
    text = call("predict", "--distance", "2.4", "--station", "acton")
    assert "min" in text
    assert "from Acton" in text
    assert "not for dispatch" in text


def test_prediction_as_json(trained):
    answer = json.loads(call("predict", "--distance", "2.4", "--station", "Acton", "--json"))
    assert answer["details"]["predicted_attendance_time"] == answer["metrics"]["prediction_result"]
    assert answer["is_sample"] is True


@pytest.mark.parametrize("kilometres", ["nan", "inf", "-1", "1000"])
def test_impossible_distances_end_in_an_error(trained, kilometres):
    with pytest.raises(CommandError, match="distance"):
        call("predict", f"--distance={kilometres}", "--station", "Acton")


def test_a_misspelt_station_gets_a_suggestion(trained):
    with pytest.raises(CommandError, match="Did you mean Acton"):
        call("predict", "--distance", "1", "--station", "Actn")


def test_a_failure_as_json_ends_with_status_one(capsys, db):
    with pytest.raises(SystemExit) as caught:
        call("build_features", "--json")
    assert caught.value.code == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--data_path", "{data}/global_data.csv", "--model_path", "{models}/a.pkl", "--encoder_path", "{models}/b.pkl"],
        ["--data-path", "data/global_data.csv", "--ml_model_path", "./models/a.pkl", "--encoder-path", "models/b.pkl"],
        ["--model-path", "a.pkl"],
    ],
)
def test_training_takes_every_spelling_of_its_options(trained, settings, options):
    places = {"data": settings.LFB_DATA_DIR, "models": settings.LFB_MODEL_DIR}
    call("train_model", *[option.format(**places) for option in options])
    assert (settings.LFB_MODEL_DIR / "a.pkl").exists()


def test_training_tells_how_good_the_model_and_the_baselines_are(trained):
    text = call("train_model")
    for title in (
        "Linear regression on distance and station",
        "Mean",
        "Median of station and hour",
        "Kolesar distance law",
    ):
        assert f"{title}: MAE" in text


def test_processing_takes_sources_by_option(sample_sources, settings):
    sample_sources(300)
    source = settings.LFB_INCIDENT_SOURCES[0]
    settings.LFB_INCIDENT_SOURCES = ()
    text = call("process_data", "--type", "incident", "--incident-source", source)
    assert "SAMPLE DATA" in text
    assert "300 rows in, 300 rows out" in text


def test_sample_data_as_workbooks_can_be_processed(start, settings):
    call(
        "make_sample_data",
        "--incidents",
        "200",
        "--years",
        "2022",
        "--format",
        "xlsx",
        "--output-dir",
        str(settings.LFB_DATA_DIR / "incoming"),
    )
    assert json.loads(call("process_data", "--json"))["is_sample"] is True


def test_first_run_makes_a_model_without_any_data_and_once_only(settings, db):
    settings.LFB_INCIDENT_SOURCES = settings.LFB_MOBILISATION_SOURCES = ("http://127.0.0.1:9/gone.csv",)
    settings.LFB_SAMPLE_INCIDENTS = 2_000
    text = call("first_run")
    assert "sample data" in text
    assert ModelVersion.objects.in_use().count() == 1
    assert "nothing to do" in call("first_run")


def test_first_run_uses_live_data_where_they_answer(settings, sample_sources, publisher, db):
    sample_sources(2_000)
    from pathlib import Path

    settings.LFB_INCIDENT_SOURCES, content = (
        (publisher.url + "/incidents.csv",),
        Path(settings.LFB_INCIDENT_SOURCES[0]).read_bytes(),
    )
    publisher.content = content
    assert "Using the configured sources" in call("first_run")
    assert any(path == "/incidents.csv" for path, _ in publisher.requests)


def test_a_file_of_questions_is_answered_beside_it(trained, tmp_path):
    questions = tmp_path / "trips.csv"
    questions.write_text("station,distance,mine\nActon,5.2,a\nNowhere,1,b\n")
    out = io.StringIO()
    call_command("predict_batch", str(questions), stdout=out)
    assert "1 of 2 rows answered" in out.getvalue()
    first, second = (tmp_path / "trips-answer.csv").read_text().splitlines()[1:]
    assert (first.startswith("Acton,5.2,a,"), second) == (True, "Nowhere,1,b,,unknown_station")
    with pytest.raises(CommandError, match=r"ends in \.csv or \.json"):
        call_command("predict_batch", str(tmp_path / "trips.txt"))

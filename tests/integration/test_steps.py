"""The whole job through the run record, and the last good output when something fails."""

import json
from pathlib import Path

import pandas as pd
import pytest
from django.core.management import call_command

from pipeline import registry, steps, upkeep
from pipeline.core.columns import FEATURE_COLUMNS
from pipeline.core.errors import ParameterError
from pipeline.models import DatasetRun, ModelVersion, RunStatus, Trigger
from pipeline.storage import locks
from pipeline.storage.hashing import sha256_of
from tests.conftest import make_user
from tests.frames import raw_rows

pytestmark = pytest.mark.django_db


def write_sources(settings, folder, **frames):
    for dataset, frame in frames.items():
        path = folder / f"{dataset}.csv"
        frame.to_csv(path, index=False)
        setattr(settings, f"LFB_{dataset.upper()}_SOURCES", (str(path),))


def test_the_whole_job_from_files_to_a_prediction(trained, start, settings):
    data, models = settings.LFB_DATA_DIR, settings.LFB_MODEL_DIR
    for name in (
        "incident_data.csv",
        "mobilisation_data.csv",
        "global_data.csv",
        "ref/stations.csv",
        "rejects/mobilisation_rejects.csv",
    ):
        assert (data / name).stat().st_size > 0
    for name in ("linear_regression_model.pkl", "onehot_encoder.pkl"):
        assert (models / name).stat().st_size > 0
    version = registry.current()
    assert version.is_sample
    assert version.metrics["mae"] < 100
    answer = start("predict", distance_km=2.0, station="acton")
    assert answer.details["station"] == "Acton"
    assert 150 < answer.metrics["prediction_result"] < 700


def test_the_record_tells_who_what_and_how_much(trained):
    run = DatasetRun.objects.of_step("process_data").get()
    assert (run.status, run.started_by_name, run.trigger) == ("succeeded", "tester", "command")
    assert run.rows_in == run.rows_out + run.rejected_rows
    assert {record["name"] for record in run.inputs} == {"incident", "mobilisation"}
    assert all(sha256_of(Path(record["path"])) == record["sha256"] for record in [*run.inputs, *run.outputs])
    assert run.metrics["initial_count_incident"] == 3_000
    assert run.peak_memory_bytes > 10**7
    assert run.is_sample
    assert run.duration.total_seconds() > 0
    assert run.code_version == "test"


def test_feature_file_holds_the_contract_columns(trained, settings):
    frame = pd.read_csv(settings.LFB_DATA_DIR / "global_data.csv")
    assert {"distance", "DeployedFromStation_Name", "AttendanceTimeSeconds"} <= set(frame.columns)
    assert len(frame) == DatasetRun.objects.of_step("build_features").get().rows_out


def test_features_from_incidents_alone_say_so_and_train_alike(start, sample_sources, settings):
    sample_sources()
    start("process_data", datasets=["incident"])
    run = start("build_features")
    assert any("incident file alone" in note for note in run.notes)
    assert start("train_model").status == RunStatus.SUCCEEDED
    assert start("evaluate_model").status == RunStatus.SUCCEEDED
    assert start("predict", distance_km=1.0, station="Soho").status == RunStatus.SUCCEEDED


@pytest.mark.parametrize("estimator", ["boosted", "linear"])
def test_a_feature_file_with_the_needed_columns_alone_trains_a_model(trained, start, settings, estimator):
    needed = [column.published for column in FEATURE_COLUMNS if column.required]
    rows = pd.read_csv(settings.LFB_DATA_DIR / "global_data.csv", usecols=needed)
    rows.to_csv(settings.LFB_DATA_DIR / "own.csv", index=False)
    run = start("train_model", data_path="own.csv", estimator=estimator)
    assert run.status == RunStatus.SUCCEEDED, run.log_excerpt


def test_the_same_input_gives_the_same_bytes(start, sample_sources, settings):
    sample_sources(400)
    outputs = []
    for _ in range(2):
        start("process_data")
        start("build_features")
        outputs.append(
            [
                sha256_of(path)
                for path in sorted(settings.LFB_DATA_DIR.glob("*.[cp]*"))
                if path.suffix in (".csv", ".parquet")
            ]
        )
    assert len(outputs[0]) == 7
    assert outputs[0] == outputs[1]


def test_two_trainings_on_the_same_file_give_the_same_model(trained, start):
    first = registry.current()
    assert start("train_model").status == RunStatus.SUCCEEDED
    second = ModelVersion.objects.get(number=2)
    assert first.metrics == second.metrics
    for role in ("estimator", "encoder", "facts", "forecast"):
        assert first.file(role)["sha256"] == second.file(role)["sha256"]


def test_pickles_on_request(start, sample_sources, settings):
    sample_sources(300)
    start("process_data", convert_to_pickle=True, datasets=["incident"])
    assert len(pd.read_pickle(settings.LFB_DATA_DIR / "incident_data.pkl")) == 300
    assert not (settings.LFB_DATA_DIR / "mobilisation_data.pkl").exists()


def test_pickle_alone_converts_every_processed_csv_and_fetches_nothing(start, sample_sources, settings):
    sample_sources(300)
    start("process_data")
    settings.LFB_INCIDENT_SOURCES = settings.LFB_MOBILISATION_SOURCES = ("http://127.0.0.1:9/gone.csv",)
    assert start("process_data", convert_to_pickle=True).status == RunStatus.SUCCEEDED
    assert {path.name for path in settings.LFB_DATA_DIR.glob("*.pkl")} == {"incident_data.pkl", "mobilisation_data.pkl"}


def test_only_the_wanted_years_are_kept(start, sample_sources, settings):
    sample_sources(400)
    settings.LFB_YEARS = (2022,)
    run = start("process_data")
    assert (run.status, run.error_code) == ("failed", "no_rows")
    assert "LFB_YEARS" in run.error_hint


def test_dropped_files_take_the_place_of_sources(start, sample_sources, settings):
    sample_sources(300)
    incoming = settings.LFB_DATA_DIR / "incoming"
    incoming.mkdir()
    Path(settings.LFB_INCIDENT_SOURCES[0]).rename(incoming / "anything at all.csv")
    settings.LFB_INCIDENT_SOURCES = ("http://127.0.0.1:9/gone.csv",)
    run = start("process_data")
    assert run.status == RunStatus.SUCCEEDED, run.error_message
    assert any("anything at all.csv" in note for note in run.notes)


def test_several_files_of_a_kind_are_read_one_after_another(start, settings, tmp_path):
    paths = []
    for year in ("2022", "2023"):
        path = tmp_path / f"{year}.csv"
        raw_rows(
            "incident", {"DateOfCall": f"{year}-03-19", "CalYear": year, "IncidentNumber": f"000001-1903{year}"}
        ).to_csv(path, index=False)
        paths.append(str(path))
    settings.LFB_INCIDENT_SOURCES = tuple(paths)
    run = start("process_data", datasets=["incident"])
    assert (run.rows_in, run.rows_out, len(run.inputs)) == (2, 2, 2)


def test_a_failed_run_says_why_and_leaves_the_last_good_output(start, settings, tmp_path):
    write_sources(settings, tmp_path, incident=raw_rows("incident", *[{}] * 20))
    start("process_data", datasets=["incident"])
    good = (settings.LFB_DATA_DIR / "incident_data.csv").read_bytes()
    write_sources(settings, tmp_path, incident=raw_rows("incident", *[{}] * 10, *[{"DateOfCall": "soon"}] * 10))
    run = start("process_data", datasets=["incident"])
    assert (run.status, run.error_code) == ("failed", "too_many_rejects")
    assert "10 of 20 incident rows (50.0%)" in run.error_message
    assert run.error_fields == {"bad_date": 10}
    assert (settings.LFB_DATA_DIR / "incident_data.csv").read_bytes() == good


def test_files_whose_periods_overlap_lose_nothing_but_the_repetitions(start, settings, tmp_path):
    write_sources(settings, tmp_path, incident=raw_rows("incident", *[{}] * 20))
    settings.LFB_INCIDENT_SOURCES *= 2
    run = start("process_data", datasets=["incident"])
    assert (run.status, run.rows_out, run.rejects) == ("succeeded", 20, {"duplicate_key": 20})


def test_a_file_of_the_other_kind_is_told(start, settings, tmp_path):
    write_sources(settings, tmp_path, incident=raw_rows("mobilisation", {}))
    run = start("process_data", datasets=["incident"])
    assert run.error_code == "wrong_kind_of_file"


@pytest.mark.parametrize(("step", "command"), [("build_features", "process_data"), ("train_model", "build_features")])
def test_a_step_without_its_input_says_what_to_run_first(start, step, command):
    run = start(step)
    assert (run.status, run.error_code) == ("failed", "missing_input")
    assert command in run.error_hint


def test_predicting_without_a_model_says_so(start):
    run = start("predict", distance_km=1.0, station="Acton")
    assert run.error_code == "no_model_in_use"


def test_sample_and_real_data_are_never_mixed(start, sample_sources, settings, tmp_path):
    sample_sources(300)
    start("process_data")
    write_sources(settings, tmp_path, incident=raw_rows("incident", *[{}] * 5))
    start("process_data", datasets=["incident"])
    assert start("build_features").error_code == "mixed_sample_and_real"


def test_a_key_in_an_address_is_kept_for_the_work_and_shown_nowhere(roles, client, capsys, caplog, publisher):
    address = f"{publisher.url}/nothing.csv?token=hunter2&year=2023"
    with pytest.raises(SystemExit):
        call_command("process_data", "--type", "incident", "--incident-source", address, "--json")
    run = DatasetRun.objects.get()
    assert run.parameters["incident_sources"] == [address]
    client.force_login(make_user("chief", "administrators"))
    shown = [
        *capsys.readouterr(),
        caplog.text,
        run.log_excerpt + run.error_message,
        roles["administrator"].get(f"/api/v1/runs/{run.pk}").content.decode(),
        client.get(f"/admin/pipeline/datasetrun/{run.pk}/change/").content.decode(),
    ]
    assert "hunter2" not in "".join(shown)
    assert "/nothing.csv?token=…&amp;year=2023" in shown[-1]


def test_addresses_with_a_password_are_refused_before_they_reach_a_record(start, settings):
    settings.LFB_INCIDENT_SOURCES = ("https://user:secret@example.org/file.csv",)
    with pytest.raises(ParameterError) as caught:
        start("process_data")
    assert "secret" not in str(caught.value.as_dict())
    assert not DatasetRun.objects.exists()


def test_an_interruption_after_the_output_is_in_place_says_so(start, sample_sources, monkeypatch):
    from pipeline.actions import process_data

    sample_sources(300)
    monkeypatch.setattr(process_data, "_metrics", lambda done: 1 / 0)
    run = start("process_data")
    assert run.status == "crashed"
    assert "complete and is in place" in run.error_message


def test_unknown_parameters_are_refused_before_a_run_begins(start):
    with pytest.raises(ParameterError, match="colour"):
        start("build_features", colour="red")
    assert not DatasetRun.objects.exists()


@pytest.mark.parametrize("name", ["../evil.pkl", "/etc/evil.pkl", "versions/run-000001/x.pkl", "model.txt"])
def test_model_paths_stay_in_their_folder(trained, start, name):
    run = start("train_model", model_path=name)
    assert run.status == "failed"
    assert run.error_code in ("path_not_allowed", "invalid_parameter")


def test_two_starts_of_a_step_never_write_at_once(start, settings):
    with locks.held(upkeep.lock_folder(), "step-processed"):
        run = start("process_data")
    assert (run.status, run.error_code) == ("failed", "step_busy")


def test_an_unexpected_error_is_an_apology_with_a_number_and_the_cause_in_the_log(start, monkeypatch, caplog):
    from pipeline.actions import build_features

    monkeypatch.setattr(build_features, "station_frame", lambda: 1 / 0)
    run = start("build_features")
    assert (run.status, run.error_code) == ("crashed", "unexpected_error")
    assert f"run {run.pk}" in run.error_message
    assert "ZeroDivisionError" in run.log_excerpt


def test_ctrl_c_is_recorded_as_cancelled(start, monkeypatch):
    from pipeline.actions import build_features

    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(build_features, "station_frame", interrupt)
    with pytest.raises(KeyboardInterrupt):
        start("build_features")
    assert DatasetRun.objects.get().status == RunStatus.CANCELLED


def test_a_run_whose_process_is_gone_is_closed_at_the_next_start(start):
    lost = DatasetRun.objects.create(
        step="build_features", status=RunStatus.RUNNING, trigger=Trigger.COMMAND, started_by_name="x", code_version="x"
    )
    start("build_features")
    lost.refresh_from_db()
    assert (lost.status, lost.error_code) == ("crashed", "killed")
    assert "last good output" in lost.error_message


def test_a_run_whose_process_lives_is_left_alone(start):
    alive = DatasetRun.objects.create(
        step="train_model", status=RunStatus.RUNNING, trigger=Trigger.COMMAND, started_by_name="x", code_version="x"
    )
    with locks.held(upkeep.lock_folder(), f"run-{alive.lock_token}"):
        start("build_features")
    alive.refresh_from_db()
    assert alive.status == RunStatus.RUNNING


def test_a_changed_model_file_is_not_loaded(trained, start, settings):
    path = settings.LFB_MODEL_DIR / str(registry.current().file("forecast")["path"])
    path.write_bytes(path.read_bytes() + b" ")
    registry._load.cache_clear()
    registry._serving.forget()
    run = start("predict", distance_km=1.0, station="Acton")
    assert run.error_code == "model_file_changed"


def test_bands_shape_training_alone(trained, start, settings):
    tested = registry.current().tested_rows
    settings.LFB_TRAIN_ON_BANDS = True
    start("train_model")
    version = ModelVersion.objects.get(number=2)
    assert version.tested_rows == tested
    assert version.training_rows < registry.get(1).training_rows


def test_evaluation_writes_a_report_that_needs_nothing_else(trained, start, settings):
    run = start("evaluate_model")
    html = (settings.LFB_MODEL_DIR / "reports" / "version-0001.html").read_text()
    assert "<svg" in html
    assert "Sample data" in html
    for outside in ("http://", "https://", "<script", "<link"):
        assert outside not in html.replace("http://www.w3.org", "").replace("https://www.w3.org", "")
    figures = json.loads((settings.LFB_MODEL_DIR / "reports" / "version-0001.json").read_text())
    assert figures["models"][0]["overall"]["n"] == run.rows_out


def test_linear_regression_stays_selectable(trained, start):
    start("train_model", estimator="linear")
    version = ModelVersion.objects.get(number=2)
    assert version.estimator == "linear"
    assert [model["name"] for model in version.evaluation["models"]] == ["linear", "mean", "station_hour", "kolesar"]
    assert start("evaluate_model", version=2).status == RunStatus.SUCCEEDED


def test_the_forecast_is_judged_beside_the_linear_model_and_covers_what_it_says(trained):
    models = {model["name"]: model["overall"] for model in trained.evaluation["models"]}
    assert list(models)[:2] == ["boosted", "linear"]
    assert 0.85 < models["boosted"]["coverage"]["90"] < 0.95
    assert models["boosted"]["width"]["80"] < models["boosted"]["width"]["90"]


def test_an_unknown_version_cannot_be_evaluated(trained, start):
    assert start("evaluate_model", version=99).error_code == "unknown_version"


def test_every_step_has_a_command():
    from django.core.management import get_commands

    assert {step.name for step in steps.every() if step.part_of is None} <= set(get_commands())


@pytest.mark.parametrize("name", ["batch-1f.json", "run-x", "run-"])
def test_a_stranger_among_the_staged_outputs_stops_no_run(trained, start, settings, name):
    left = settings.LFB_DATA_DIR / ".staging" / name
    left.mkdir(parents=True)
    (left / "half.csv").write_text("a,b\n")
    run = start("build_features")
    assert run.status == "succeeded", run.error_message
    assert not left.exists()


def test_model_and_encoder_go_to_two_files_however_the_paths_are_written(trained, start, settings):
    model = settings.LFB_MODEL_DIR / "linear_regression_model.pkl"
    before = sha256_of(model)
    run = start("train_model", model_path=str(model), encoder_path=model.name, estimator="linear")
    assert (run.status, run.error_code) == ("failed", "invalid_parameter")
    assert "two different files" in run.error_message
    assert sha256_of(model) == before

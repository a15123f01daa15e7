"""MLflow holds what is on record of each version; when it is stopped, slow or corrupt, training ends well and says so."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from pipeline import registry
from pipeline.models import ModelVersion
from predictions.actions.predict_attendance import predict_trip
from predictions.questions import make_trip
from tests.integration.site import wait_for
from tests.services import free_port

pytestmark = pytest.mark.django_db

QUIET = {"PYTHONWARNINGS": "ignore", "MLFLOW_DISABLE_TELEMETRY": "true", "OMP_NUM_THREADS": "1"}
CONTENT = """
import json, sys, mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
name = "lfb-attendance-time"
versions = client.search_model_versions(f"name = '{name}'")
runs = {version.tags["lfb.version"]: client.get_run(version.run_id) for version in versions}
question = pd.DataFrame({"distance_km": [2.0, 5.0], "station_name": ["Acton", "Soho"]})
def files(run_id, path=None):
    found = client.list_artifacts(run_id, path)
    return [name for file in found for name in (files(run_id, file.path) if file.is_dir else [file.path])]
print(json.dumps({
    "aliases": client.get_registered_model(name).aliases,
    "registered": sorted(version.tags["lfb.version"] for version in versions),
    "experiment": client.get_experiment(next(iter(runs.values())).info.experiment_id).name,
    "runs": {
        number: {
            "status": run.info.status, "params": run.data.params, "metrics": run.data.metrics, "tags": run.data.tags,
            "files": files(run.info.run_id), "data": [given.dataset.source for given in run.inputs.dataset_inputs],
        } for number, run in runs.items()
    },
    "answers": {
        version.tags["lfb.version"]:
            mlflow.pyfunc.load_model(f"models:/{name}/{version.version}").predict(question)["attendance_seconds"].tolist()
        for version in versions
    },
    "inputs": mlflow.models.get_model_info(f"models:/{name}@champion").signature.inputs.input_names(),
    "example": mlflow.models.get_model_info(f"models:/{name}@champion").saved_input_example_info is not None,
}))
"""


def answers_of_the_site():
    asked = make_trip("Acton", 2.0), make_trip("Soho", 5.0)
    return [predict_trip(trip).seconds for trip in asked]


@pytest.fixture
def mlflow_on(settings, folders):
    settings.MLFLOW_ENABLED = True
    settings.MLFLOW_TIMEOUT_SECONDS = 300
    settings.MLFLOW_TRACKING_URI = f"sqlite:///{folders}/data/mlflow/mlflow.db"
    return folders


def content(uri, folder):
    """What MLflow itself says it holds, asked from outside the project."""
    done = subprocess.run(
        [sys.executable, "-c", CONTENT, uri], cwd=folder, env={**os.environ, **QUIET}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def version(number):
    return ModelVersion.objects.get(number=number)


def last_note(run):
    assert run.status == "succeeded", run.error_message
    return run.notes[-1]


def test_mlflow_holds_what_is_on_record_of_every_version(trained, start, mlflow_on, settings):
    assert last_note(start("track_models")) == "MLflow at the local store holds 1 of 1 versions; 1 are new."
    assert last_note(start("train_model", estimator="linear")) == "Version 2 is tracked in MLflow as version 2."
    held = content(settings.MLFLOW_TRACKING_URI, mlflow_on)
    assert (held["registered"], held["experiment"]) == (["1", "2"], "LFB_MLOPS")
    assert {alias: int(number) for alias, number in held["aliases"].items()} == {"champion": 1, "challenger": 2}
    assert (held["inputs"], held["example"]) == (trained.feature_names, True)
    run = held["runs"]["1"]
    assert run["status"] == "FINISHED"
    assert run["metrics"]["mae"] == trained.metrics["mae"]
    assert (run["params"]["seed"], run["params"]["trained_to"]) == (str(trained.seed), str(trained.trained_to))
    assert {"lightgbm.num_leaves", "lightgbm.learning_rate", "lightgbm.num_iterations"} <= set(run["params"])
    assert not [name for name in held["runs"]["2"]["params"] if name.startswith("lightgbm.")]
    assert run["tags"]["mlflow.source.git.commit"] == "test"
    assert [json.loads(source)["sha256"] for source in run["data"]] == [entry["sha256"] for entry in trained.datasets]
    assert {
        "model_card.md", "version/evaluation.html", "version/forecast.json", "version/onehot_encoder.pkl", "version/plots/hours.svg",
    } <= set(run["files"])  # fmt: skip
    assert held["answers"]["1"] == pytest.approx(answers_of_the_site())
    registry.promote(version(2), by_name="chief", reason="try it")
    assert held["answers"]["2"] == pytest.approx(answers_of_the_site())
    assert last_note(start("track_models")) == "MLflow at the local store holds 2 of 2 versions; 0 are new."
    after = content(settings.MLFLOW_TRACKING_URI, mlflow_on)
    assert {alias: int(number) for alias, number in after["aliases"].items()} == {"champion": 2}
    assert after["registered"] == ["1", "2"]


def test_a_stopped_server_is_said_and_caught_up_with_later(trained, start, mlflow_on, settings):
    local = settings.MLFLOW_TRACKING_URI
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, not listening
        settings.MLFLOW_TRACKING_URI = f"http://keeper:secret@127.0.0.1:{nobody.getsockname()[1]}"
        note = last_note(start("train_model", estimator="linear"))
        assert note.startswith(
            "Version 2 is registered here but not tracked in MLflow: its server cannot be reached (connection refused). "
        )
        assert note.endswith("caught up at night, or by manage.py track_models.")
        assert "secret" not in note
        failed = start("track_models")
        assert (failed.status, failed.error_code) == ("failed", "tracking_failed")
        assert "secret" not in failed.error_message
    settings.MLFLOW_TRACKING_URI = local
    assert last_note(start("track_models")) == "MLflow at the local store holds 2 of 2 versions; 2 are new."


def test_a_server_that_hangs_is_not_waited_for_long(trained, start, mlflow_on, settings):
    settings.MLFLOW_TIMEOUT_SECONDS = 3
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.MLFLOW_TRACKING_URI = f"http://127.0.0.1:{silent.getsockname()[1]}"
        note = last_note(start("train_model", estimator="linear"))
    assert "not tracked in MLflow: it did not answer within 3.0 s." in note
    assert version(2).mlflow_run_id == ""


def test_a_corrupt_store_is_said_and_a_new_one_is_filled(trained, start, mlflow_on, settings):
    store = mlflow_on / "data" / "mlflow" / "mlflow.db"
    start("track_models")
    store.write_bytes(b"this is no database, whatever it was " * 1000)
    note = last_note(start("train_model", estimator="linear"))
    assert "Version 2 is registered here but not tracked in MLflow: " in note
    assert "its store mlflow.db is damaged (file is not a database): move it away" in note
    store.unlink()
    run = start("track_models")
    assert last_note(run) == "MLflow at the local store holds 2 of 2 versions; 2 are new."
    assert content(settings.MLFLOW_TRACKING_URI, mlflow_on)["registered"] == ["1", "2"]


def test_what_was_broken_off_is_tracked_once(trained, start, mlflow_on, settings):
    settings.MLFLOW_TIMEOUT_SECONDS = 300
    files = trained.files
    trained.files = [entry | {"sha256": "0" * 64} if entry["name"] == "forecast" else entry for entry in files]
    trained.save()
    broken = start("track_models")
    assert "its SHA-256 differs" in broken.error_message
    trained.files = files
    trained.save()
    start("track_models")
    assert content(settings.MLFLOW_TRACKING_URI, mlflow_on)["registered"] == ["1"]


def test_predictions_take_the_registered_files_where_that_is_asked(trained, start, mlflow_on, settings, caplog):
    settings.LFB_MODEL_SOURCE = "mlflow"
    local = start("predict", distance_km=2.0, station="Acton").metrics["prediction_result"]
    start("track_models")
    trained.refresh_from_db()
    (settings.LFB_MODEL_DIR / str(trained.file("forecast")["path"])).unlink()
    registry._load.cache_clear()
    assert start("predict", distance_km=2.0, station="Acton").metrics["prediction_result"] == local
    fetched = settings.LFB_MODEL_DIR / "registered" / trained.mlflow_run_id / "forecast.json"
    fetched.write_bytes(fetched.read_bytes() + b" ")
    registry._serving.forget()
    registry._load.cache_clear()
    assert start("predict", distance_km=2.0, station="Acton").error_code == "model_file_missing"


def test_switched_off_nothing_is_tracked(trained, start, settings):
    settings.MLFLOW_ENABLED = False
    assert last_note(start("track_models")) == "MLflow is switched off (MLFLOW_ENABLED): nothing was tracked."
    assert not any("MLflow" in note for note in start("train_model", estimator="linear").notes)
    assert not (settings.LFB_DATA_DIR / "mlflow").exists()


@pytest.mark.slow
def test_a_real_server_that_stands_still_and_goes_on(trained, start, mlflow_on, settings):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{mlflow_on}/server.db",
        "--default-artifact-root", f"{mlflow_on}/server-artifacts", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    quiet = {**os.environ, **QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (mlflow_on / "server.log").open("w") as log:
        server = subprocess.Popen(command, cwd=mlflow_on, env=quiet, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for(lambda: answers(f"{url}/health"), 180, what="the MLflow server did not start")
        settings.MLFLOW_TRACKING_URI = url
        assert last_note(start("track_models")) == f"MLflow at {url} holds 1 of 1 versions; 1 are new."
        os.killpg(server.pid, signal.SIGSTOP)
        settings.MLFLOW_TIMEOUT_SECONDS = 8
        assert "not tracked in MLflow: " in last_note(start("train_model", estimator="linear"))
        os.killpg(server.pid, signal.SIGCONT)
        settings.MLFLOW_TIMEOUT_SECONDS = 300
        assert last_note(start("track_models")) == f"MLflow at {url} holds 2 of 2 versions; 1 are new."
        assert content(url, mlflow_on)["registered"] == ["1", "2"]
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False

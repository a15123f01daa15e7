"""Speaks with MLflow in a process of its own: one order as JSON on standard input, one JSON answer a line on standard output.

MLflow takes seconds to import, 200 MB to hold and waits for servers as it likes. Here it can be ended at any moment.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.entities import Dataset, DatasetInput, Experiment, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import ColSpec, DataType, Schema

from pipeline.storage import mlflow_model

PACKAGE = Path(__file__).resolve().parents[1]
REQUIREMENTS = ("lightgbm", "numpy", "pandas", "scikit-learn", "scipy", "skops")
VERSION_TAG, HASH_TAG = "lfb.version", "lfb.sha256"
MAX_VALUE = 5_000  # characters that a tag or parameter may have


def main() -> None:
    """Carry out one order; what goes wrong is an answer, too."""
    logging.disable(logging.WARNING)
    order = json.load(sys.stdin)
    try:
        {"track": track, "fetch": fetch}[order["do"]](order)
    except Exception as error:
        answer(error=_words(error))


def answer(**content: Any) -> None:
    print(json.dumps(content), flush=True)


def _words(error: Exception) -> str:
    """The first line of an error, without the password that an address may hold; an absent server in words of our own."""
    first = next((line for line in str(error).splitlines() if line.strip()), "") or type(error).__name__
    if "Max retries exceeded" in first:
        why = re.search(r"\[Errno -?\d+\] ([^'\")]+)|(timed out)", first)
        return "its server cannot be reached" + (f" ({(why[1] or why[2]).lower()})" if why else "")
    return re.sub(r"//[^/@\s]*@", "//…@", first)[:300]


def track(order: dict[str, Any]) -> None:
    """Log and register every version of the order that MLflow does not hold, then set the aliases."""
    client = _client(order)
    experiment = _experiment(client, order)
    name = order["model_name"]
    known = _known_versions(client, name)
    held = {}
    for version in order["versions"]:
        number, key = version["number"], (str(version["number"]), version["sha256"])
        held[number] = known.get(key) or _log(client, experiment, name, version)
        answer(number=number, run_id=held[number][0], model_version=int(held[number][1]))
    _set_aliases(client, name, {alias: held.get(wanted) for alias, wanted in order["aliases"].items()})
    answer(done=True)


def fetch(order: dict[str, Any]) -> None:
    """Copy the files of a tracked version into a folder."""
    client = _client(order)
    for file_name in order["names"]:
        client.download_artifacts(order["run_id"], f"version/{file_name}", order["folder"])
    answer(done=True)


def _client(order: dict[str, Any]) -> MlflowClient:
    mlflow.set_tracking_uri(order["uri"])
    mlflow.set_registry_uri(order["uri"])
    return MlflowClient(order["uri"], order["uri"])


def _experiment(client: MlflowClient, order: dict[str, Any]) -> Experiment:
    found = client.get_experiment_by_name(order["experiment"])
    if found is None:
        made = client.create_experiment(order["experiment"], artifact_location=order["artifact_location"])
        found = client.get_experiment(made)
    if found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    return found


def _known_versions(client: MlflowClient, name: str) -> dict[tuple[str, str], tuple[str, str]]:
    """What is registered: number and hash of our version → MLflow's run and version."""
    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(
            name, description="Attendance time of a fire engine in London: mobilised to arrived, seconds."
        )
    found = client.search_model_versions(f"name = '{name}'", max_results=10_000)
    return {
        (version.tags[VERSION_TAG], version.tags[HASH_TAG]): (str(version.run_id), str(version.version))
        for version in found
        if VERSION_TAG in version.tags and HASH_TAG in version.tags
    }


def _log(client: MlflowClient, experiment: Experiment, name: str, version: dict[str, Any]) -> tuple[str, str]:
    """One run with everything that is on record of a version, and its model registered."""
    _remove_leavings(client, experiment, version)
    tags = {VERSION_TAG: str(version["number"]), HASH_TAG: version["sha256"], **version["tags"]}
    run = client.create_run(experiment.experiment_id, run_name=f"version-{version['number']}", tags=_cut(tags))
    run_id: str = run.info.run_id
    now = int(time.time() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(key, value, now, 0) for key, value in version["metrics"].items()],
        params=_params(version["params"]),
        tags=[RunTag("mlflow.note.content", version["description"])],
    )
    client.log_inputs(run_id, [DatasetInput(_dataset(record)) for record in version["datasets"]])
    for entry in version["files"]:
        client.log_artifact(run_id, entry["path"], "/".join(("version", *Path(entry["name"]).parts[:-1])))
    if version["card"]:
        client.log_text(run_id, version["card"], "model_card.md")
    model_id = _log_model(client, run_id, version)
    registered = client.create_model_version(
        name,
        f"models:/{model_id}",
        run_id,
        tags=_cut(tags),
        description=version["description"],
        await_creation_for=0,
        model_id=model_id,
    )
    client.set_terminated(run_id)
    return run_id, registered.version


def _remove_leavings(client: MlflowClient, experiment: Experiment, version: dict[str, Any]) -> None:
    """Runs of this version that were broken off before their model was registered."""
    number, sha256 = version["number"], version["sha256"]
    wanted = f"tags.`{VERSION_TAG}` = '{number}' and tags.`{HASH_TAG}` = '{sha256}'"
    for run in client.search_runs([experiment.experiment_id], wanted):
        client.delete_run(run.info.run_id)


def _cut(values: dict[str, Any]) -> dict[str, str]:
    return {key: str(value)[:MAX_VALUE] for key, value in values.items()}


def _params(values: dict[str, Any]) -> list[Param]:
    return [Param(key, value) for key, value in _cut(values).items()]


def _dataset(record: dict[str, Any]) -> Dataset:
    """MLflow's digest holds 36 characters; the whole hash stands in the source."""
    source = json.dumps({"path": record["path"], "sha256": record["sha256"]})
    profile = json.dumps({"bytes": record["bytes"], "is_sample": record["is_sample"]})
    return Dataset(record["name"], record["sha256"][:36], "local", source, profile=profile)


def _log_model(client: MlflowClient, run_id: str, version: dict[str, Any]) -> str:
    """The model with signature and input example, and what its trees were grown with; its id."""
    files = {entry["role"]: (Path(entry["path"]), entry["sha256"]) for entry in version["files"]}
    with tempfile.TemporaryDirectory() as folder:
        estimator = mlflow_model.write_data(version["estimator"], files, version["stations"], Path(folder) / "data")
        client.log_batch(run_id, params=_params(mlflow_model.grown_with(Path(folder) / "data")))
        with mlflow.start_run(run_id=run_id):
            logged = mlflow.pyfunc.log_model(
                name="model",
                loader_module=mlflow_model.__name__,
                data_path=str(Path(folder) / "data"),
                code_paths=[str(_code(Path(folder)))],
                signature=_signature(estimator.inputs),
                input_example=pd.DataFrame([{name: mlflow_model.EXAMPLE.get(name) for name in estimator.inputs}]),
                pip_requirements=[f"{package}=={metadata.version(package)}" for package in REQUIREMENTS],
            )
    model_id: str = logged.model_id
    return model_id


def _code(folder: Path) -> Path:
    """What the loader module needs of this project, so that the model loads where the project is not installed."""
    core = shutil.copytree(PACKAGE / "core", folder / "pipeline" / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (core.parent / "storage").mkdir()
    for name in ("__init__.py", "storage/__init__.py", "storage/artifacts.py", "storage/mlflow_model.py"):
        shutil.copyfile(PACKAGE / name, core.parent / name)
    return core.parent


def _signature(inputs: tuple[str, ...]) -> ModelSignature:
    return ModelSignature(
        inputs=Schema(
            [
                ColSpec(
                    DataType.string if name in mlflow_model.TEXT else DataType.double,
                    name,
                    required=name in mlflow_model.REQUIRED,
                )
                for name in inputs
            ]
        ),
        outputs=Schema([ColSpec(DataType.double, mlflow_model.ANSWER)]),
    )


def _set_aliases(client: MlflowClient, name: str, wanted: dict[str, tuple[str, str] | None]) -> None:
    present = client.get_registered_model(name).aliases
    for alias, found in wanted.items():
        if found is None:
            if alias in present:
                client.delete_registered_model_alias(name, alias)
        elif present.get(alias) != found[1]:
            client.set_registered_model_alias(name, alias, found[1])


if __name__ == "__main__":
    main()

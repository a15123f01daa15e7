"""Every step killed with -9 at moments spread over its run: outputs stay whole, records tell the truth, the next run succeeds.

LFB_TEST_KILLS sets how many moments are tried for each step (default 2: the suite stays quick; releases try 10).
"""

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("LFB_TEST_KILLS", "2"))

# Step → the files it writes, and the ones that it reads and that differ between the two worlds.
STEPS = {
    "process_data": (
        ("incident_data.csv", "incident_data.parquet", "mobilisation_data.csv", "mobilisation_data.parquet"),
        (),
    ),
    "build_features": (("global_data.csv", "global_data.parquet"), ("incident_data.*", "mobilisation_data.*")),
    "train_model": (("../models/linear_regression_model.pkl", "../models/onehot_encoder.pkl"), ("global_data.*",)),
    "evaluate_model": (("../models/reports/version-0001.json",), ("global_data.*",)),
}


def environment(site: Path, seed: int) -> dict[str, str]:
    sample = site / "data" / "sample"
    return {
        "PATH": os.environ["PATH"],
        "LFB_DATA_DIR": str(site / "data"),
        "LFB_MODEL_DIR": str(site / "models"),
        "LFB_LOG_DIR": str(site / "logs"),
        "MLFLOW_ENABLED": "0",
        "LFB_CONSOLE_LEVEL": "ERROR",
        "LFB_INCIDENT_SOURCES": str(sample / f"{seed}" / "incident_sample.csv"),
        "LFB_MOBILISATION_SOURCES": str(sample / f"{seed}" / "mobilisation_sample.csv"),
    }


def manage(site: Path, seed: int, *words: str) -> subprocess.Popen:
    command = [sys.executable, "manage.py", *words]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment(site, seed), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process: subprocess.Popen) -> str:
    try:
        output, _ = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    assert process.returncode == 0, output
    return output


def digest(site: Path, step: str) -> str:
    whole = hashlib.sha256()
    for name in STEPS[step][0]:
        path = site / "data" / name
        whole.update(path.read_bytes() if path.exists() else b"absent")
    return whole.hexdigest()


def records(site: Path) -> list[tuple[str, str, str, str]]:
    with sqlite3.connect(site / "data" / "lfb.sqlite3") as database:
        rows = database.execute(
            "select step, status, error_code, error_message from pipeline_datasetrun order by id"
        ).fetchall()
    database.close()
    return rows


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """Two finished sites from different samples, each with both samples at hand."""
    made = []
    for seed in (1, 2):
        site = tmp_path_factory.mktemp(f"world{seed}")
        finish(manage(site, seed, "migrate", "--verbosity=0"))
        for other in (1, 2):
            folder = str(site / "data" / "sample" / str(other))
            finish(
                manage(
                    site,
                    seed,
                    "make_sample_data",
                    "--incidents=8000",
                    "--years=2023",
                    f"--seed={other}",
                    "--output-dir",
                    folder,
                )
            )
        for step in STEPS:
            finish(manage(site, seed, step))
        made.append(site)
    return made


def moments(site: Path, step: str) -> list[float]:
    """Seconds after the start at which to kill, spread by chance over the time that the step itself takes."""
    started = time.monotonic()
    finish(manage(site, 2, step))
    took = time.monotonic() - started
    chance = random.Random(step)
    return sorted(chance.uniform(0.25, 1.0) * took for _ in range(KILLS))


def meet(old_world: Path, new_world: Path, step: str, site: Path) -> None:
    """A copy of the old world in which the step finds the new world's inputs."""
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(old_world, site)
    for pattern in STEPS[step][1]:
        for path in (new_world / "data").glob(pattern):
            shutil.copyfile(path, site / "data" / path.name)


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_step_leaves_whole_output_a_true_record_and_a_way_on(worlds, step, tmp_path):
    old_world, new_world = worlds
    site = tmp_path / "site"
    meet(old_world, new_world, step, site)
    old = digest(site, step)
    waits = moments(site, step)
    new = digest(site, step)
    assert old != new
    for wait in waits:
        meet(old_world, new_world, step, site)
        before = len(records(site))
        victim = manage(site, 2, step)
        time.sleep(wait)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        was_killed = victim.returncode == -signal.SIGKILL
        # Any next start, here of another kind, closes the lost run and finishes or clears what it was putting in place.
        finish(manage(site, 2, "predict", "--distance=1", "--station=Acton"))
        assert digest(site, step) in (old, new), f"killed after {wait:.2f} s: a mixture"
        assert not list((site / "data" / ".staging").glob("*"))
        for row in records(site)[before:-1]:
            assert row[1] in (("crashed", "succeeded") if was_killed else ("succeeded",)), row
            if row[1] == "crashed":
                assert row[2] == "killed"
                assert ("in place" in row[3]) == (digest(site, step) == new), f"killed after {wait:.2f} s: {row[3]}"
        answer = json.loads(finish(manage(site, 2, step, "--json")))
        assert answer["status"] == "succeeded"
        assert digest(site, step) == new

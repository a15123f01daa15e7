"""Model files: nothing is unpickled whose hash is not the recorded one."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from pipeline.core.errors import ArtifactError
from pipeline.core.estimators import LinearAttendance
from pipeline.storage import artifacts

Files = dict[str, tuple[Path, str]]


def trained() -> LinearAttendance:
    rows = pd.DataFrame(
        {
            "distance_km": np.linspace(0.2, 5, 200),
            "station_name": pd.Series(["Acton", "Soho"] * 100, dtype="str"),
        }
    )
    return LinearAttendance().fit(rows, 150 + 80 * rows["distance_km"].to_numpy() + 10 * np.sin(np.arange(200)))


def stored(folder: Path) -> Files:
    names = {"estimator": "model.pkl", "encoder": "encoder.pkl", "facts": "facts.json"}
    paths = {role: folder / name for role, name in names.items()}
    artifacts.save_linear(trained(), paths["estimator"], paths["encoder"], paths["facts"])
    return {role: (path, sha256(path)) for role, path in paths.items()}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def replaced(files: Files, role: str, content: bytes) -> Files:
    """The files with another content for `role`, and its hash recorded as if it were right."""
    files[role][0].write_bytes(content)
    return {**files, role: (files[role][0], sha256(files[role][0]))}


class Trap:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.trace,))


def test_what_was_stored_predicts_the_same(tmp_path: Path) -> None:
    loaded = artifacts.load_estimator("linear", stored(tmp_path))
    original = trained()
    rows = pd.DataFrame({"distance_km": [2.5, 1.0], "station_name": pd.Series(["Soho", "Nowhere"], dtype="str")})

    assert loaded.predict(rows).tolist() == original.predict(rows).tolist()
    assert loaded.predict_within(rows, 360).tolist() == original.predict_within(rows, 360).tolist()
    question = {"distance_km": [2.5], "station_name": ["Soho"]}
    assert loaded.predict(question) == original.predict(question)


def test_two_trainings_on_the_same_rows_give_the_same_hashes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    first, second = stored(tmp_path / "a"), stored(tmp_path / "b")

    assert {role: record[1] for role, record in first.items()} == {role: record[1] for role, record in second.items()}


@pytest.mark.parametrize("role", ["estimator", "encoder", "facts"])
def test_a_changed_file_is_refused_before_anything_is_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    files, trace = stored(tmp_path), tmp_path / "trace"
    files[role][0].write_bytes(pickle.dumps(Trap(trace)))
    monkeypatch.setattr(joblib, "load", lambda _: pytest.fail("something was unpickled"))

    with pytest.raises(ArtifactError) as caught:
        artifacts.load_estimator("linear", files)

    assert caught.value.code == "model_file_changed"
    assert files[role][0].name in caught.value.message
    assert not trace.exists()


def test_the_trap_would_have_sprung(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Trap(tmp_path / "trace")))

    assert (tmp_path / "trace").exists()


@pytest.mark.parametrize("role", ["estimator", "encoder", "facts"])
def test_a_missing_file_is_named(tmp_path: Path, role: str) -> None:
    files = stored(tmp_path)
    files[role][0].unlink()

    with pytest.raises(ArtifactError, match=files[role][0].name) as caught:
        artifacts.load_estimator("linear", files)

    assert caught.value.code == "model_file_missing"


def test_a_role_that_was_never_recorded_is_named(tmp_path: Path) -> None:
    files = stored(tmp_path)
    del files["encoder"]

    with pytest.raises(ArtifactError, match="encoder"):
        artifacts.load_estimator("linear", files)


@pytest.mark.parametrize(
    ("role", "content"),
    [
        ("estimator", b"no pickle at all"),
        ("estimator", b""),
        ("estimator", pickle.dumps({"a": "dictionary"})),
        ("encoder", pickle.dumps([1, 2])),
        ("facts", b"\xff\xfe not json"),
        ("facts", b"[]"),
        ("facts", json.dumps({"libraries": {}}).encode()),
    ],
)
def test_a_recorded_file_that_holds_something_else_is_explained(tmp_path: Path, role: str, content: bytes) -> None:
    files = replaced(stored(tmp_path), role, content)

    with pytest.raises(ArtifactError) as caught:
        artifacts.load_estimator("linear", files)

    assert caught.value.code == "model_file_unreadable"
    assert caught.value.hint


def test_a_model_with_the_encoder_of_another_is_refused(tmp_path: Path) -> None:
    files = stored(tmp_path)
    rows = pd.DataFrame({"distance_km": [1.0, 2.0, 3.0], "station_name": pd.Series(["A", "B", "C"], dtype="str")})
    joblib.dump(LinearAttendance().fit(rows, np.array([1.0, 2.0, 3.0])).encoder, tmp_path / "other.pkl")

    with pytest.raises(ArtifactError, match="do not belong together"):
        artifacts.load_estimator("linear", replaced(files, "encoder", (tmp_path / "other.pkl").read_bytes()))


@pytest.mark.parametrize("library", ["scikit-learn", "numpy"])
def test_another_library_version_is_told_and_nothing_is_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    files = stored(tmp_path)
    monkeypatch.setattr(artifacts, "installed_libraries", lambda: {library: "99.0"})
    monkeypatch.setattr(joblib, "load", lambda _: pytest.fail("something was unpickled"))

    with pytest.raises(ArtifactError, match=f"{library} .*99.0 is installed") as caught:
        artifacts.load_estimator("linear", files)

    assert caught.value.code == "model_library_changed"


def test_an_unknown_kind_of_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as caught:
        artifacts.load_estimator("oracle", stored(tmp_path))

    assert caught.value.code == "model_kind_unknown"

"""Model files: written with their hashes, and loaded only if the hash is the recorded one.

A pickle runs code when it is loaded, so the bytes are hashed first and those very bytes are unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import joblib
import numpy as np
import sklearn
from lightgbm.basic import LightGBMError
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import OneHotEncoder

from pipeline.core.boosting import BoostedAttendance
from pipeline.core.errors import ArtifactError
from pipeline.core.estimators import AttendanceEstimator, LinearAttendance
from pipeline.core.residuals import ResidualDistribution

Part = TypeVar("Part")

RETRAIN_HINT = "Train again, or roll back to a version whose files are whole."


def installed_libraries() -> dict[str, str]:
    """What the pickles depend on: scikit-learn to the letter, numpy by its first number, which decides the format."""
    return {"scikit-learn": sklearn.__version__, "numpy": np.__version__.split(".")[0]}


def save_linear(estimator: LinearAttendance, model_path: Path, encoder_path: Path, facts_path: Path) -> None:
    """The contract's two pickles, and beside them as JSON what else serving needs. The same estimator, the same bytes."""
    joblib.dump(estimator.regression, model_path)
    joblib.dump(estimator.encoder, encoder_path)
    facts = {
        "estimator": estimator.name,
        "inputs": list(estimator.inputs),
        "libraries": installed_libraries(),
        "residuals": estimator.residuals_.as_dict(),
    }
    facts_path.write_text(json.dumps(facts, indent=1, sort_keys=True), encoding="utf-8")


def save_forecast(estimator: BoostedAttendance, path: Path) -> None:
    """The boosted forecast as JSON: numbers and the text of its trees, nothing that runs. The same estimator, the same bytes."""
    path.write_text(json.dumps(estimator.as_dict(), sort_keys=True), encoding="utf-8")


def load_estimator(name: str, files: Mapping[str, tuple[Path, str]]) -> AttendanceEstimator:
    """The fitted estimator `name` from its files: role → (path, recorded SHA-256). Raises ArtifactError, as below."""
    if name == BoostedAttendance.name:
        return _load_forecast(files)
    return _load_linear(name, files)


def _load_forecast(files: Mapping[str, tuple[Path, str]]) -> BoostedAttendance:
    path, sha256 = _recorded(files, "forecast")
    try:
        return BoostedAttendance.from_dict(json.loads(read_verified(path, sha256)))
    except (ValueError, KeyError, TypeError, LightGBMError) as error:
        raise _unreadable(path, "it does not hold a forecast that this version of the software reads") from error


def _load_linear(name: str, files: Mapping[str, tuple[Path, str]]) -> LinearAttendance:
    """The fitted estimator `name` from its files: role → (path, recorded SHA-256).

    Every file is checked before the first is unpickled. Raises ArtifactError: model_kind_unknown, model_file_missing,
    model_file_changed, model_file_unreadable or model_library_changed.
    """
    if name != LinearAttendance.name:
        raise ArtifactError(f"Nothing is known of a model named {name}.", code="model_kind_unknown", hint=RETRAIN_HINT)
    contents = {role: read_verified(*_recorded(files, role)) for role in ("facts", "estimator", "encoder")}
    facts = _read_facts(contents["facts"], files["facts"][0])
    _require_same_libraries(facts["libraries"])
    regression = _unpickle(contents["estimator"], files["estimator"][0], LinearRegression)
    encoder = _unpickle(contents["encoder"], files["encoder"][0], OneHotEncoder)
    try:
        return LinearAttendance.from_parts(regression, encoder, facts["residuals"])
    except (AttributeError, ValueError) as error:
        raise _unreadable(files["estimator"][0], "the model and its encoder do not belong together") from error


def _recorded(files: Mapping[str, tuple[Path, str]], role: str) -> tuple[Path, str]:
    if role not in files:
        raise ArtifactError(
            f"The version has no file recorded as its {role}.", code="model_file_missing", hint=RETRAIN_HINT
        )
    return files[role]


def read_verified(path: Path, sha256: str) -> bytes:
    """The file's bytes, if they are the ones recorded. Raises ArtifactError (model_file_missing, model_file_changed)."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"The model file {path.name} cannot be read.", code="model_file_missing", hint=RETRAIN_HINT
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ArtifactError(
            f"The model file {path.name} is not the one that was trained: its SHA-256 differs. It was not loaded.",
            code="model_file_changed",
            hint=RETRAIN_HINT,
        )
    return content


def _read_facts(content: bytes, path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(content)
        return {"libraries": dict(facts["libraries"]), "residuals": ResidualDistribution.from_dict(facts["residuals"])}
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, "it does not say what serving needs") from error


def _require_same_libraries(trained: Mapping[str, str]) -> None:
    for library, installed in installed_libraries().items():
        if trained.get(library) != installed:
            raise ArtifactError(
                f"The model was trained with {library} {trained.get(library)}, and {installed} is installed.",
                code="model_library_changed",
                hint="Train again with the installed version: manage.py train_model",
            )


def _unpickle(content: bytes, path: Path, kind: type[Part]) -> Part:
    """The object of `kind` in verified bytes."""
    try:
        loaded = joblib.load(io.BytesIO(content))
    except Exception as error:  # a pickle of another making may fail in any way
        raise _unreadable(path, f"{type(error).__name__}: {error}") from error
    if not isinstance(loaded, kind):
        raise _unreadable(path, f"it holds a {type(loaded).__name__} in place of a {kind.__name__}")
    return loaded


def _unreadable(path: Path, reason: str) -> ArtifactError:
    return ArtifactError(
        f"The model file {path.name} cannot be loaded: {reason}.", code="model_file_unreadable", hint=RETRAIN_HINT
    )

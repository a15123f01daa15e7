"""Model files: written with their hashes, and loaded only if the hash is the recorded one.

A pickle runs code when it is loaded, so the bytes are hashed first and those very bytes are unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import sklearn

from pipeline.core.errors import ArtifactError
from pipeline.core.estimators import LinearAttendance
from pipeline.core.residuals import ResidualDistribution

RETRAIN_HINT = "Train again, or roll back to a version whose files are whole."


def save_linear(estimator: LinearAttendance, model_path: Path, encoder_path: Path, facts_path: Path) -> None:
    """The contract's two pickles, and beside them as JSON what else serving needs."""
    joblib.dump(estimator.regression, model_path)
    joblib.dump(estimator.encoder, encoder_path)
    facts = {
        "estimator": estimator.name,
        "inputs": list(estimator.inputs),
        "scikit_learn": sklearn.__version__,
        "residuals": estimator.residuals_.as_dict(),
    }
    facts_path.write_text(json.dumps(facts, indent=1, sort_keys=True))


def load_estimator(name: str, files: Mapping[str, tuple[Path, str]]) -> LinearAttendance:
    """The fitted estimator `name` from its files: role → (path, recorded SHA-256). Raises ArtifactError."""
    if name != LinearAttendance.name:
        raise ArtifactError(f"Nothing is known of a model named {name}.", code="model_kind_unknown", hint=RETRAIN_HINT)
    facts = json.loads(read_verified(*files["facts"]))
    if facts["scikit_learn"] != sklearn.__version__:
        raise ArtifactError(
            f"The model was trained with scikit-learn {facts['scikit_learn']}, and {sklearn.__version__} is installed.",
            code="model_library_changed",
            hint="Train again with the installed version: manage.py train_model",
        )
    return LinearAttendance.from_parts(
        _unpickle(*files["estimator"]), _unpickle(*files["encoder"]), ResidualDistribution.from_dict(facts["residuals"])
    )


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


def _unpickle(path: Path, sha256: str) -> Any:
    content = read_verified(path, sha256)
    try:
        return joblib.load(io.BytesIO(content))
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, ValueError) as error:
        raise ArtifactError(
            f"The model file {path.name} cannot be loaded: {error}.", code="model_file_unreadable", hint=RETRAIN_HINT
        ) from error

"""A plain service of the kind that is often written: FastAPI, and the model loaded by joblib at each call."""

import os
from pathlib import Path

import joblib
from fastapi import FastAPI

MODELS = Path(os.environ["LFB_MODEL_DIR"])
application = FastAPI()


@application.get("/predict")
def predict(distance: float, station: str) -> dict[str, float]:
    import numpy as np
    from scipy import sparse

    model = joblib.load(MODELS / "linear_regression_model.pkl")
    encoder = joblib.load(MODELS / "onehot_encoder.pkl")
    row = sparse.hstack([sparse.csr_matrix([[distance]]), encoder.transform(np.array([[station]], dtype=object))])
    return {"predicted_attendance_time": float(model.predict(row.tocsr())[0])}

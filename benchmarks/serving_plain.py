"""Plain services of the kind that is often written: FastAPI, and the model loaded by joblib at each call.

`/predict` builds a frame with pandas, as most do; `/predict-lean` goes without and is the fastest that this way allows.
"""

import os
from pathlib import Path

import joblib
from fastapi import FastAPI

MODELS = Path(os.environ["LFB_MODEL_DIR"])
application = FastAPI()


@application.get("/predict")
def predict(distance: float, station: str) -> dict[str, float]:
    import numpy as np
    import pandas as pd

    model = joblib.load(MODELS / "linear_regression_model.pkl")
    encoder = joblib.load(MODELS / "onehot_encoder.pkl")
    asked = pd.DataFrame({"distance_km": [distance], "station_name": [station]})
    stations = encoder.transform(asked[["station_name"]].to_numpy(dtype=object)).toarray()
    row = pd.concat([asked[["distance_km"]], pd.DataFrame(stations)], axis=1).to_numpy(dtype=np.float64)
    return {"predicted_attendance_time": float(model.predict(row)[0])}


@application.get("/predict-lean")
def predict_lean(distance: float, station: str) -> dict[str, float]:
    import numpy as np
    from scipy import sparse

    model = joblib.load(MODELS / "linear_regression_model.pkl")
    encoder = joblib.load(MODELS / "onehot_encoder.pkl")
    row = sparse.hstack([sparse.csr_matrix([[distance]]), encoder.transform(np.array([[station]], dtype=object))])
    return {"predicted_attendance_time": float(model.predict(row.tocsr())[0])}

"""The metrics that users rely on, to the letter."""

COMPONENTS = ("data_preprocessing", "build_features", "train_model", "predict_model", "eval_model", "api")
LEVELS = ("debug", "info", "warning", "error", "critical")

_GAUGES = {
    "data_preprocessing": ["success_incident", "success_mobilisation"]
    + [
        f"{name}_{file}"
        for file in ("incident", "mobilisation")
        for name in (
            "download_size_in_bytes", "downloaded_bytes", "expected_bytes", "initial_count", "filtered_count", "record_saved",
            "download_duration_seconds", "filter_duration_seconds",
        )
    ],
    "build_features": [
        "incident_rows", "mobilisation_rows", "station_rows", "incident_cleaned_rows", "mobilisation_cleaned_rows",
        "saved_file_size", "success",
    ],
    "train_model": ["original_data_size", "processed_data_size", "mse", "r2_score", "mae", "max_error"],
    "predict_model": ["num_features", "prediction_result", "success"],
}  # fmt: skip
GAUGES = {f"{name}_{component}" for component, names in _GAUGES.items() for name in names}
LOG_COUNTERS = {f"{level}_logs_{component}" for component in COMPONENTS for level in LEVELS}

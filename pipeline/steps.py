"""The table of steps: parameters with their defaults from the settings, action, permission, queue and lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings

from pipeline.core import params as core_params
from pipeline.core.errors import ParameterError
from pipeline.core.results import StepResult
from pipeline.storage import source_faults


@dataclass(frozen=True)
class Step:
    """One step. `action` is a dotted path, so that listing steps imports nothing heavy.

    Steps that share a `lock` write the same output and never run at once; None means that the step writes nothing shared.
    """

    name: str
    title: str
    params_type: type[core_params.StepParams]
    make_params: Callable[[Mapping[str, Any]], core_params.StepParams]
    action: str
    permission: str
    queue: str = "default"
    lock: str | None = None
    time_limit_seconds: int = 3600
    part_of: str | None = None  # the step that starts it; nobody else does

    def restore_params(self, recorded: Mapping[str, Any]) -> core_params.StepParams:
        """The parameters as they stood when the run was started, from its record."""
        return self.params_type(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in recorded.items()}
        )

    def run(self, params: core_params.StepParams, context: Any) -> StepResult:
        module, function = self.action.rsplit(".", 1)
        result: StepResult = getattr(import_module(module), function)(params, context)
        return result


def take(given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The named parameters; anything else is refused, so that a misspelt option never passes in silence."""
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ParameterError(
            f"Unknown parameter {', '.join(unknown)}: this step takes {', '.join(names) or 'none'}.",
            fields=dict.fromkeys(unknown, "unknown"),
        )
    return {name: given[name] for name in names if given.get(name) is not None}


def shown(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Recorded parameters as they may be shown: the work needs a source's whole address, which may hold a key."""
    return {
        name: [source_faults.shown(source) for source in value] if name.endswith("_sources") else value
        for name, value in parameters.items()
    }


def _feature_file() -> str:
    """What `build_features` writes."""
    return str(settings.LFB_DATA_DIR / "global_data.csv")


def process_data_params(given: Mapping[str, Any]) -> core_params.ProcessDataParams:
    chosen = take(given, "datasets", "convert_to_pickle", "incident_sources", "mobilisation_sources", "years")
    convert = bool(chosen.get("convert_to_pickle", False))
    datasets = tuple(chosen.get("datasets", ()))
    return core_params.ProcessDataParams(
        datasets=datasets or (() if convert else core_params.DATASETS),
        convert_to_pickle=convert,
        incident_sources=tuple(chosen.get("incident_sources", settings.LFB_INCIDENT_SOURCES)),
        mobilisation_sources=tuple(chosen.get("mobilisation_sources", settings.LFB_MOBILISATION_SOURCES)),
        years=tuple(chosen.get("years", settings.LFB_YEARS)),
        max_reject_share=settings.LFB_MAX_REJECT_SHARE,
    )


def build_features_params(given: Mapping[str, Any]) -> core_params.BuildFeaturesParams:
    return core_params.BuildFeaturesParams(**take(given, "rows_from"))


def train_model_params(given: Mapping[str, Any]) -> core_params.TrainModelParams:
    chosen = take(given, "data_path", "model_path", "encoder_path", "estimator")
    on_bands = settings.LFB_TRAIN_ON_BANDS
    return core_params.TrainModelParams(
        data_path=chosen.get("data_path", _feature_file()),
        model_path=chosen.get("model_path", str(settings.LFB_MODEL_DIR / "linear_regression_model.pkl")),
        encoder_path=chosen.get("encoder_path", str(settings.LFB_MODEL_DIR / "onehot_encoder.pkl")),
        estimator=chosen.get("estimator", core_params.ESTIMATOR_NAMES[0]),
        speed_band_kmh=settings.LFB_SPEED_BAND_KMH if on_bands else None,
        attendance_band_seconds=settings.LFB_ATTENDANCE_BAND_SECONDS if on_bands else None,
    )


def evaluate_model_params(given: Mapping[str, Any]) -> core_params.EvaluateModelParams:
    chosen = take(given, "version", "data_path")
    return core_params.EvaluateModelParams(
        version=chosen.get("version"),
        data_path=chosen.get("data_path", _feature_file()),
    )


def monitor_model_params(given: Mapping[str, Any]) -> core_params.MonitorModelParams:
    usual = {"data_path": _feature_file()}
    return core_params.MonitorModelParams(**(usual | take(given, "data_path")))


def backtest_model_params(given: Mapping[str, Any]) -> core_params.BacktestModelParams:
    return core_params.BacktestModelParams(**_backtest(take(given, *BACKTEST_NAMES)))


def backtest_fold_params(given: Mapping[str, Any]) -> core_params.BacktestFoldParams:
    return core_params.BacktestFoldParams(
        **_backtest(take(given, *BACKTEST_NAMES, "fold", "part_of_run", "data_sha256"))
    )


BACKTEST_NAMES = ("data_path", "estimator", "way", "folds")


def _backtest(chosen: Mapping[str, Any]) -> dict[str, Any]:
    usual = {
        "data_path": _feature_file(),
        "estimator": core_params.ESTIMATOR_NAMES[0],
        "way": core_params.BACKTEST_WAYS[0],
        "folds": 5,
    }
    return {**usual, **chosen}


def make_sample_data_params(given: Mapping[str, Any]) -> core_params.MakeSampleDataParams:
    chosen = take(given, "incidents", "years", "seed", "output_dir", "format")
    return core_params.MakeSampleDataParams(
        incidents=chosen.get("incidents", settings.LFB_SAMPLE_INCIDENTS),
        years=tuple(chosen.get("years", settings.LFB_YEARS or (2023,))),
        seed=chosen.get("seed", 1),
        output_dir=chosen.get("output_dir", ""),
        format=chosen.get("format", "csv"),
    )


def housekeeping_params(given: Mapping[str, Any]) -> core_params.HousekeepingParams:
    return core_params.HousekeepingParams(**take(given, "keep_batches_days"))


def track_models_params(given: Mapping[str, Any]) -> core_params.TrackModelsParams:
    return core_params.TrackModelsParams(**take(given))


_steps: dict[str, Step] = {}


def add(*steps: Step) -> None:
    """Enter steps into the table; apps above this one add theirs when they start."""
    for step in steps:
        _steps[step.name] = step


def get(name: str) -> Step:
    try:
        return _steps[name]
    except KeyError:
        raise ParameterError(f"There is no step {name!r}: wanted one of {', '.join(_steps)}.") from None


def every() -> Iterator[Step]:
    return iter(_steps.values())


def _step(
    name: str,
    title: str,
    params_type: type[core_params.StepParams],
    make_params: Callable[[Mapping[str, Any]], core_params.StepParams],
    **more: Any,
) -> Step:
    """A step of this app: its action has the name of the step, in a module of the same name."""
    action = f"pipeline.actions.{name}.{name}"
    return Step(name, title, params_type, make_params, action=action, permission="pipeline.start_runs", **more)


add(
    _step(
        "process_data", "Process data", core_params.ProcessDataParams, process_data_params,
        queue="ingest", lock="processed",
    ),
    _step(
        "build_features", "Build features", core_params.BuildFeaturesParams, build_features_params,
        queue="ingest", lock="features",
    ),
    _step("train_model", "Train model", core_params.TrainModelParams, train_model_params, queue="train", lock="models"),
    _step(
        "evaluate_model", "Evaluate model", core_params.EvaluateModelParams, evaluate_model_params,
        queue="train", lock="models",
    ),
    _step("monitor_model", "Monitor model", core_params.MonitorModelParams, monitor_model_params, queue="train"),
    _step(
        "backtest_model", "Backtest model", core_params.BacktestModelParams, backtest_model_params,
        queue="train", lock="backtest", time_limit_seconds=6 * 3600,
    ),
    # Writes nothing: as many folds as there are workers run at once.
    _step(
        "backtest_fold", "Backtest fold", core_params.BacktestFoldParams, backtest_fold_params,
        queue="train", part_of="backtest_model",
    ),
    _step(
        "make_sample_data", "Make sample data", core_params.MakeSampleDataParams, make_sample_data_params,
        queue="ingest", lock="sample",
    ),
    _step(
        "housekeeping", "Housekeeping", core_params.HousekeepingParams, housekeeping_params,
        lock="housekeeping", time_limit_seconds=600,
    ),
    _step("track_models", "Track models", core_params.TrackModelsParams, track_models_params),
)  # fmt: skip

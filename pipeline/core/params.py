"""The parameters of each step: frozen, and refusing values that make no sense."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pipeline.core.errors import ParameterError

DATASETS = ("incident", "mobilisation")
SAMPLE_FORMATS = ("csv", "xlsx")
ESTIMATOR_NAMES = ("boosted", "linear")  # the first is the default
ROW_ORIGINS = ("auto", "mobilisation", "incident")
BACKTEST_WAYS = ("period", "station")
MAX_FOLDS = 120  # a fold for each station


def require(condition: bool, name: str, message: str) -> None:
    """Raise a ParameterError that names the parameter, unless `condition` holds."""
    if not condition:
        raise ParameterError(message, fields={name: message})


def _require_estimator(name: str) -> None:
    wanted = ", ".join(ESTIMATOR_NAMES)
    require(name in ESTIMATOR_NAMES, "estimator", f"There is no model {name!r}: wanted one of {wanted}.")


class StepParams:
    """What all parameter sets share: they turn into JSON for the run record."""

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = asdict(self)  # type: ignore[call-overload]
        return found


@dataclass(frozen=True)
class ProcessDataParams(StepParams):
    """Which inputs to fetch, read, validate, filter and store.

    With no dataset named and a pickle asked for, the processed CSVs that are there are converted, nothing is fetched.
    """

    datasets: tuple[str, ...]
    convert_to_pickle: bool
    incident_sources: tuple[str, ...]
    mobilisation_sources: tuple[str, ...]
    years: tuple[int, ...]
    max_reject_share: float

    def __post_init__(self) -> None:
        unknown = set(self.datasets) - set(DATASETS)
        require(not unknown, "type", f"Unknown type {', '.join(sorted(unknown))}: wanted {' or '.join(DATASETS)}.")
        for source in (*self.incident_sources, *self.mobilisation_sources):
            # The record of a run keeps its parameters for all to read.
            require(
                "://" not in source or "@" not in source.split("://", 1)[1].split("/", 1)[0],
                "sources",
                "An address of a source holds a user name or password: the published files need none, leave it out.",
            )
        require(0 <= self.max_reject_share <= 1, "max_reject_share", "The share of rejects must lie between 0 and 1.")

    def sources_of(self, dataset: str) -> tuple[str, ...]:
        return self.incident_sources if dataset == "incident" else self.mobilisation_sources


@dataclass(frozen=True)
class BuildFeaturesParams(StepParams):
    """Where the rows come from: mobilisations joined to incidents, or incidents alone ("auto": whichever is there)."""

    rows_from: str = "auto"

    def __post_init__(self) -> None:
        require(
            self.rows_from in ROW_ORIGINS,
            "rows_from",
            f"Rows from {self.rows_from!r} are not possible: wanted one of {', '.join(ROW_ORIGINS)}.",
        )


@dataclass(frozen=True)
class TrainModelParams(StepParams):
    """What to train on, and where the contract's two files go. Bands are None unless training is cut by them."""

    data_path: str
    model_path: str
    encoder_path: str
    estimator: str
    speed_band_kmh: tuple[float, float] | None = None
    attendance_band_seconds: tuple[float, float] | None = None
    seed: int = 20_140_109

    def __post_init__(self) -> None:
        for name in ("data_path", "model_path", "encoder_path"):
            require(bool(getattr(self, name)), name, f"{name} is empty: wanted the path of a file.")
        _require_estimator(self.estimator)
        require(
            self.model_path != self.encoder_path, "encoder_path", "The model and the encoder need two different files."
        )


@dataclass(frozen=True)
class EvaluateModelParams(StepParams):
    """Which stored version to evaluate (None: the one in use), on which feature file."""

    version: int | None
    data_path: str


@dataclass(frozen=True)
class MonitorModelParams(StepParams):
    """The feature file with the calls that came since."""

    data_path: str


@dataclass(frozen=True)
class BacktestModelParams(StepParams):
    """Which model to train how often, on which feature file, and what each fold leaves out: later days, or stations."""

    data_path: str
    estimator: str
    way: str
    folds: int
    seed: int = TrainModelParams.seed

    def __post_init__(self) -> None:
        _require_estimator(self.estimator)
        require(
            self.way in BACKTEST_WAYS,
            "way",
            f"There is no backtest by {self.way!r}: wanted one of {', '.join(BACKTEST_WAYS)}.",
        )
        require(
            1 <= self.folds <= MAX_FOLDS,
            "folds",
            f"A backtest of {self.folds} folds is not possible: wanted 1 to {MAX_FOLDS}.",
        )


@dataclass(frozen=True)
class BacktestFoldParams(BacktestModelParams):
    """One fold of a backtest, 1 to `folds`; `data_sha256` names the very rows that the others are made of.

    `part_of_run` is the number of the backtest's run: with it end the folds that nobody has begun.
    """

    fold: int = 1
    part_of_run: int | None = None
    data_sha256: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(1 <= self.fold <= self.folds, "fold", f"There is no fold {self.fold} of {self.folds}.")


@dataclass(frozen=True)
class MakeSampleDataParams(StepParams):
    """Size, years, seed and format of generated files; an empty folder name means the sample folder of the data."""

    incidents: int
    years: tuple[int, ...]
    seed: int
    output_dir: str
    format: str = "csv"

    def __post_init__(self) -> None:
        require(
            self.format in SAMPLE_FORMATS,
            "format",
            f"Unknown format {self.format}: wanted {' or '.join(SAMPLE_FORMATS)}.",
        )


@dataclass(frozen=True)
class HousekeepingParams(StepParams):
    """How long the answers of batches are kept, in days."""

    keep_batches_days: int = 7


@dataclass(frozen=True)
class TrackModelsParams(StepParams):
    """Nothing to choose: every version that MLflow does not hold is brought there."""

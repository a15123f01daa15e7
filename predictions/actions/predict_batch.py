"""Answer many questions at once, all columns at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline import registry
from pipeline.core.distance import MAX_TRIP_KM
from pipeline.core.errors import ParameterError
from pipeline.core.stations import normalise_station_name
from predictions.questions import LONDON, MAX_PUMP_ORDER, TOLERATED_KM, TOLERATED_SHARE
from predictions.station_book import known_stations
from predictions.telemetry import count_answered

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]

MAX_ROWS = 100_000
COLUMNS = ("station", "distance", "latitude", "longitude", "easting", "northing", "time", "pump_order")
PLACES = ("latitude", "longitude", "easting", "northing")
ERRORS = (
    "unknown_station", "invalid_distance", "invalid_place", "distance_contradicts_place", "invalid_time", "invalid_pump_order",
)  # fmt: skip


@dataclass(frozen=True)
class BatchAnswer:
    """One row for each question, in its order: predicted_attendance_time in seconds, or error with the reason."""

    rows: pd.DataFrame
    version: int
    is_sample: bool

    @property
    def answered(self) -> int:
        return int((self.rows["error"] == "").sum())


def predict_batch(asked: Mapping[str, Sequence[Any]]) -> BatchAnswer:
    """Seconds for each row of `asked`: columns of equal length, those of COLUMNS that are given; empty values are missing.

    A row that cannot be answered says why; the others are answered all the same. Raises ParameterError for no rows or
    too many, NoModelError or ArtifactError.
    """
    import numpy as np
    import pandas as pd

    count = len(asked["station"])
    if not 0 < count <= MAX_ROWS:
        raise ParameterError(
            f"{count} rows came: wanted 1 to {MAX_ROWS}.",
            code="wrong_number_of_rows",
            hint="Split the batch.",
            fields={"rows": count},
        )
    serving = registry.serving()
    rows, error = _read(asked, count)
    good = error == ""
    seconds = np.full(count, np.nan)
    if good.any():
        seconds[good] = np.maximum(0.0, serving.estimator.predict(rows[good].reset_index(drop=True)))
    count_answered(int(good.sum()))
    answers = pd.DataFrame({"predicted_attendance_time": seconds, "error": error})
    return BatchAnswer(answers, serving.version.number, serving.version.is_sample)


def _read(asked: Mapping[str, Sequence[Any]], count: int) -> tuple[pd.DataFrame, npt.NDArray[np.str_]]:
    """The columns that an estimator reads, and for each row the code of what is wrong with it, or ""."""
    import numpy as np
    import pandas as pd

    from pipeline.core.geo import distance_km

    book = known_stations()
    names = [value if isinstance(value, str) else "" for value in asked["station"]]
    spelling = {name: book.get(normalise_station_name(name[:100])) for name in dict.fromkeys(names)}
    home = [spelling[name] for name in names]
    facts = ("name", "latitude", "longitude", "easting_m", "northing_m")
    station = pd.DataFrame([[getattr(known, fact, None) for fact in facts] for known in home], columns=facts).astype(
        dict.fromkeys(facts[1:], "float64")
    )
    given, wrong_number = zip(
        *(_numbers(asked.get(name), count) for name in ("distance", *PLACES, "pump_order")), strict=True
    )
    distance, *place, pump_order = given
    easting, northing, latitude, longitude, has_place, bad_place = _places(*place)
    straight = distance_km(station["latitude"].to_numpy(), station["longitude"].to_numpy(), latitude, longitude)
    far = np.where(np.isnan(distance), straight, distance)
    hour, weekday, bad_time = _moments(asked.get("time"), count)
    problems = {
        "unknown_station": station["name"].isna().to_numpy(),
        "invalid_pump_order": wrong_number[-1]
        | (pump_order < 1)
        | (pump_order > MAX_PUMP_ORDER)
        | (pump_order % 1 > 0),
        "invalid_time": bad_time,
        "invalid_place": bad_place | np.any(wrong_number[1:5], axis=0),
        "invalid_distance": wrong_number[0] | ~((far >= 0) & (far <= MAX_TRIP_KM)),
        "distance_contradicts_place": has_place & (np.abs(far - straight) > TOLERATED_KM + TOLERATED_SHARE * straight),
    }
    rows = pd.DataFrame(
        {
            "distance_km": np.where(has_place, straight, far), "station_name": station["name"].astype("str"), "hour": hour,
            "weekday": weekday, "pump_order": np.where(np.isnan(pump_order), 1.0, pump_order), "incident_easting_m": easting,
            "incident_northing_m": northing, "station_easting_m": station["easting_m"], "station_northing_m": station["northing_m"],
        }
    )  # fmt: skip
    return rows, np.select(list(problems.values()), list(problems), default="")


def _numbers(values: Sequence[Any] | None, count: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Numbers, NaN where nothing was given; and where something came that is none."""
    import numpy as np

    if values is None:
        return np.full(count, np.nan), np.zeros(count, dtype=bool)
    empty = np.array([value is None or value == "" for value in values])
    numbers = np.array([_number(value) for value in values], dtype="float64")
    return numbers, ~empty & ~np.isfinite(numbers)


def _number(value: Any) -> float:
    """The number itself, also from text; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return float("nan")
    if isinstance(value, str) and not is_plain_number(value):
        return float("nan")
    try:
        return float(value)
    except (ValueError, OverflowError):
        return float("nan")


def is_plain_number(text: str) -> bool:
    """Whether text may be a number: Python would read 1_0 as ten, too, and digits of any script."""
    return text.isascii() and "_" not in text


def _places(latitude: Floats, longitude: Floats, easting: Floats, northing: Floats) -> tuple[Any, ...]:
    """Places both ways, which rows have one, and which have half a one, two, or one outside London."""
    import numpy as np

    from pipeline.core.geo import inside_london, to_grid, to_wgs84

    degrees, metres = ~np.isnan(latitude) & ~np.isnan(longitude), ~np.isnan(easting) & ~np.isnan(northing)
    half = (np.isnan(latitude) != np.isnan(longitude)) | (np.isnan(easting) != np.isnan(northing))
    by_degrees, by_metres = to_grid(latitude, longitude), to_wgs84(easting, northing)
    easting, northing = (
        np.where(degrees, found, own) for found, own in zip(by_degrees, (easting, northing), strict=True)
    )
    latitude, longitude = (
        np.where(metres & ~degrees, found, own) for found, own in zip(by_metres, (latitude, longitude), strict=True)
    )
    has_place = degrees | metres
    bad = half | (degrees & metres) | (has_place & ~inside_london(easting, northing))
    return easting, northing, latitude, longitude, has_place, bad


def _moments(values: Sequence[Any] | None, count: int) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """London's hour and weekday (Monday 0) of ISO 8601 moments, NaN where none was given; and where something came that is none."""
    import datetime as dt

    import numpy as np

    hours, weekdays, wrong = np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, dtype=bool)
    for place, value in enumerate(values or ()):
        if value is None or value == "":
            continue
        try:
            moment = dt.datetime.fromisoformat(value)
            local = moment.astimezone(LONDON) if moment.tzinfo else moment
            hours[place], weekdays[place] = local.hour, local.weekday()
        except (TypeError, ValueError, OverflowError):
            wrong[place] = True
    return hours, weekdays, wrong

"""Questions as the rows that a model reads: what nobody asked about stays missing, and the model fills it by its rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from predictions.station_book import KnownStation


def first_pump_questions(distances_km: Sequence[float], stations: Sequence[KnownStation]) -> pd.DataFrame:
    """One row for each pair of distance and departing station, of a first pump to a place and at an hour not known."""
    import numpy as np
    import pandas as pd

    count = len(distances_km)
    unknown = np.full(count, np.nan)
    return pd.DataFrame(
        {
            "distance_km": np.asarray(distances_km, dtype="float64"),
            "station_name": pd.Series([station.name for station in stations], dtype="str"),
            "hour": unknown,
            "pump_order": np.ones(count),
            "is_own_ground": unknown,
            "property_category": pd.Series([None] * count, dtype="str"),
            "incident_easting_m": unknown,
            "incident_northing_m": unknown,
            "station_easting_m": np.array([station.easting_m for station in stations], dtype="float64"),
            "station_northing_m": np.array([station.northing_m for station in stations], dtype="float64"),
        }
    )

"""The 33 boroughs of London (the City among them), with their ONS codes and the statutory inner and outer halves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_ORDER = (
    "City of London", "Barking and Dagenham", "Barnet", "Bexley", "Brent", "Bromley", "Camden", "Croydon", "Ealing", "Enfield",
    "Greenwich", "Hackney", "Hammersmith and Fulham", "Haringey", "Harrow", "Havering", "Hillingdon", "Hounslow", "Islington",
    "Kensington and Chelsea", "Kingston upon Thames", "Lambeth", "Lewisham", "Merton", "Newham", "Redbridge",
    "Richmond upon Thames", "Southwark", "Sutton", "Tower Hamlets", "Waltham Forest", "Wandsworth", "Westminster",
)  # fmt: skip

# ONS codes run from E09000001 in this very order.
BOROUGH_CODES = {name: f"E09{number:06d}" for number, name in enumerate(_ORDER, start=1)}

# London Government Act 1963: the former County of London, and the City.
INNER_BOROUGHS = frozenset(
    (
        "City of London", "Camden", "Greenwich", "Hackney", "Hammersmith and Fulham", "Islington", "Kensington and Chelsea",
        "Lambeth", "Lewisham", "Southwark", "Tower Hamlets", "Wandsworth", "Westminster",
    )
)  # fmt: skip

_ALIASES = {"kingston": "Kingston upon Thames", "richmond": "Richmond upon Thames", "city": "City of London"}


def _normalise(name: str) -> str:
    return re.sub(r"[^a-z]+", " ", name.lower().replace("&", " and ")).strip()


_BY_NORMALISED = {_normalise(name): name for name in _ORDER} | _ALIASES | {
    "westminster city of": "Westminster",
    "city of westminster": "Westminster",
}  # fmt: skip


def canonical_borough(name: str) -> str | None:
    """`HAMMERSMITH AND FULHAM` or `Hammersmith And fulham` → `Hammersmith and Fulham`; None for what is no borough."""
    return _BY_NORMALISED.get(_normalise(name))


def canonical_boroughs(names: pd.Series) -> pd.Series:
    """The canonical name of each, dtype str; missing for `NOT GEO-CODED`, places beyond London, and missing names."""
    spelling = {name: canonical_borough(name) for name in names.dropna().unique()}
    return names.map(spelling).astype("str")

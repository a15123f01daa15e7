"""Station names as they are written in the data, matched to the stations that are known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipeline.core.wording import plain_name

if TYPE_CHECKING:
    import pandas as pd

# Spellings that normalising alone does not bring together.
ALIASES = {
    "river lambeth": "lambeth river",
    "river stn lambeth": "lambeth river",
    "river station lambeth": "lambeth river",
    "lambeth fireboat": "lambeth river",
    "lambeth pontoon": "lambeth river",
    "wimblendon": "wimbledon",
}


def normalise_station_name(name: str) -> str:
    """Lower case, one space between words, no punctuation, no "fire station" behind; known aliases resolved.

    >>> normalise_station_name("  OLD-KENT  Road Fire Station")
    'old kent road'
    """
    plain = plain_name(name).removesuffix(" fire station").removesuffix(" station")
    return ALIASES.get(plain, plain)


def match_stations(names: pd.Series, known: Iterable[str]) -> pd.Series:
    """The known spelling of each name, dtype str, same index; missing where the name is missing or matches none.

    Each distinct name is looked at once, so a million rows cost as much as the hundred names among them and one map.
    """
    canonical = {normalise_station_name(name): name for name in known}
    spelling = {name: canonical.get(normalise_station_name(name)) for name in names.dropna().unique()}
    return names.map(spelling).astype("str")


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names most like `name`, best first; empty where none comes near."""
    canonical = {normalise_station_name(found): found for found in known}
    wanted = normalise_station_name(name)
    likely = difflib.get_close_matches(wanted, canonical, n=count, cutoff=0.5)
    likely += [plain for plain in canonical if wanted and wanted in plain and plain not in likely]
    return [canonical[plain] for plain in likely[:count]]

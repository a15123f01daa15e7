"""How far a trip in London can be; free of heavy imports, for everything that only asks."""

from __future__ import annotations

import math

from pipeline.core.errors import DistanceError

# The farthest two points of Greater London, west of Heathrow and east of Upminster, are 59.2 km apart.
MAX_TRIP_KM = 60.0


def check_distance(kilometres: float) -> float:
    """The distance itself. Raises DistanceError unless a trip in London can be that long."""
    if not math.isfinite(kilometres):
        problem = f"The distance is {kilometres}, not a number of kilometres."
    elif kilometres < 0:
        problem = f"The distance is {kilometres:g} km: it cannot be negative."
    elif kilometres > MAX_TRIP_KM:
        problem = f"The distance is {kilometres:g} km: no trip in London is longer than {MAX_TRIP_KM:g} km."
    else:
        return kilometres
    raise DistanceError(
        problem,
        hint=f"Give the straight-line distance from station to incident in kilometres, from 0 to {MAX_TRIP_KM:g}.",
        fields={"distance": problem},
    )

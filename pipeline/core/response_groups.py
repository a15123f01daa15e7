"""The groups and figures of the response times, by the names under which they are stored and asked for."""

from __future__ import annotations

PUMPS = {"first": 1, "second": 2}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(f"{hour:02d}" for hour in range(24))
LONDON = ""  # stands for all boroughs
ALL_YEARS = 0
NO_REASON = "No reason recorded"
SECONDS_NAMES = ("mean_seconds", "median_seconds", "p90_seconds")
SHARE_NAMES = ("share_within_average", "share_within_limit")
FIGURE_NAMES = SECONDS_NAMES + SHARE_NAMES

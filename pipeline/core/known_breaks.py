"""Days from which the series of attendance times reads differently, for reasons other than how fast engines drive."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class KnownBreak:
    """`label` fits beside a line in a plot; `meaning` is the whole sentence."""

    day: dt.date
    label: str
    meaning: str


KNOWN_BREAKS = (
    KnownBreak(
        dt.date(2014, 1, 9),
        "ten stations closed",
        "Ten stations closed: Belsize, Bow, Clerkenwell, Downham, Kingsland, Knightsbridge, Silvertown, Southwark, "
        "Westminster and Woolwich. In their grounds the first pump took about a minute longer in 2015 and 2016 than in "
        "2012 and 2013.",
    ),
    KnownBreak(
        dt.date(2015, 11, 17),
        "recording changed",
        "Incidents are numbered anew from this day; what is counted changed slightly in the same year.",
    ),
    KnownBreak(
        dt.date(2020, 3, 23),
        "pandemic",
        "First national lockdown: emptier roads and fewer calls, in waves until the summer of 2021.",
    ),
    KnownBreak(
        dt.date(2022, 5, 5),
        "wards redrawn",
        "New ward boundaries in most boroughs: a ward's figures before and after are not of the same ground.",
    ),
    KnownBreak(
        dt.date(2024, 10, 29),
        "alarms by day",
        "Most automatic alarms from non-residential buildings are not attended between 07:00 and 20:30 any more: "
        "fewer calls, and others than before.",
    ),
)


def breaks_between(first: dt.date, last: dt.date) -> list[KnownBreak]:
    """Those after the first day and up to the last, in order."""
    return [known for known in KNOWN_BREAKS if first < known.day <= last]

"""Numbers and names as people write them."""

from __future__ import annotations

import math
import re

# The groups of inputs that a forecast explains itself by.
PART_NAMES = {
    "typical": "a typical engine, going 1.5 km",
    "distance": "the distance",
    "hour": "the time of day",
    "weekday": "the day of the week",
    "station": "the station and its turnout",
    "place": "the place",
}

# Inputs that are watched for shifts, by column.
WATCHED_INPUTS = {
    "distance_km": "distance", "hour": "hour", "weekday": "day of the week", "station_name": "departing station",
    "pump_order": "pump order", "borough_name": "borough",
}  # fmt: skip
SHIFTED, CHANGED = 0.1, 0.25  # customary bounds of the population stability index


def readable_shift(index: float) -> str:
    """What a population stability index says of an input.

    >>> readable_shift(0.02), readable_shift(0.1), readable_shift(0.31)
    ('as in training', 'shifted', 'changed')
    """
    return "changed" if index >= CHANGED else "shifted" if index >= SHIFTED else "as in training"


def readable_seconds(seconds: float) -> str:
    """A time in minutes and whole seconds; a dash for what is no number.

    >>> readable_seconds(312.48), readable_seconds(59.6), readable_seconds(-75), readable_seconds(float("nan"))
    ('5 min 12 s', '1 min 0 s', '−1 min 15 s', '–')
    """
    if not math.isfinite(seconds):
        return "–"
    whole = round(abs(seconds))
    sign = "−" if seconds < 0 and whole else ""
    minutes, rest = divmod(whole, 60)
    return f"{sign}{minutes} min {rest} s" if minutes else f"{sign}{rest} s"


def unbroken(text: str) -> str:
    """The same, with no line's end between a number and its unit."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def readable_minutes(seconds: float) -> str:
    """A limit.

    >>> readable_minutes(360), readable_minutes(450.0)
    ('6 min', '7.5 min')
    """
    return f"{float(seconds) / 60:g} min"


def readable_duration(seconds: float) -> str:
    """How long something took: hours, minutes or seconds, whichever fit.

    >>> readable_duration(0.42), readable_duration(75), readable_duration(3599.7), readable_duration(7260)
    ('0.4 s', '1 min 15 s', '1 h 0 min', '2 h 1 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if round(seconds) < 3600:
        return readable_seconds(seconds)
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours} h {rest // 60} min"


def readable_count(number: int) -> str:
    """Thousands set apart.

    >>> readable_count(1234567)
    '1,234,567'
    """
    return f"{number:,}".replace("-", "−")


def readable_ordinal(number: int) -> str:
    """
    >>> [readable_ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 33, 111)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '33rd', '111th']
    """
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def readable_signed(number: float) -> str:
    """One decimal, with a sign that is a minus and not a hyphen.

    >>> readable_signed(-28.57), readable_signed(2.68), readable_signed(-0.04)
    ('−28.6', '+2.7', '0.0')
    """
    text = f"{number:+.1f}".replace("-", "−")
    return text[1:] if text[1:] == "0.0" else text


def readable_signed_seconds(seconds: float) -> str:
    """
    >>> readable_signed_seconds(-28.57), readable_signed_seconds(102.4), readable_signed_seconds(-0.4)
    ('−29 s', '+102 s', '0 s')
    """
    whole = round(seconds)
    return f"{whole:+d} s".replace("-", "−") if whole else "0 s"


def readable_bytes(size: float) -> str:
    """
    >>> readable_bytes(999), readable_bytes(168034240)
    ('999 B', '168 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable")


def readable_share(share: float) -> str:
    """
    >>> readable_share(0.7031)
    '70 %'
    """
    return f"{share * 100:.0f} %"


def readable_chance(chance: float) -> str:
    """A predicted share: never certain.

    >>> [readable_chance(chance) for chance in (0.001, 0.7031, 0.9962)]
    ['under 1 %', '70 %', 'over 99 %']
    """
    if chance < 0.01:
        return "under 1 %"
    return "over 99 %" if chance > 0.99 else readable_share(chance)


def readable_percent(share: float) -> str:
    """A share with one decimal.

    >>> readable_percent(0.8931)
    '89.3 %'
    """
    return f"{share * 100:.1f} %"


def readable_difference(seconds: float, low: float, high: float) -> str:
    """Mean error of a model minus that of another, with its 95 % interval, as a verdict.

    >>> readable_difference(-5.2, -6.0, -4.4)
    'The model is better by 5.2 s (95 %: 4.4 to 6.0 s).'
    >>> readable_difference(0.3, -0.5, 1.1)
    'No clear difference: 0.3 s (95 %: −0.5 to 1.1 s), chance may explain it.'
    """
    smaller, larger = sorted((abs(low), abs(high)))
    interval = f"{abs(seconds):.1f} s (95 %: {smaller:.1f} to {larger:.1f} s)"
    if high < 0:
        return f"The model is better by {interval}."
    if low > 0:
        return f"The model is worse by {interval}."
    return f"No clear difference: {seconds:.1f} s (95 %: {low:.1f} to {high:.1f} s), chance may explain it.".replace(
        "-", "−"
    )


def readable_name(name: str) -> str:
    """A name that was published in capitals, in ordinary ones.

    >>> readable_name("ST. JAMES'S AND SOUTH-ACTON"), readable_name("South Acton")
    ("St. James's and South-Acton", 'South Acton')
    """
    if not name.isupper():
        return name
    words = [" ".join(word.capitalize() for word in part.split()) for part in name.split("-")]
    text = "-".join(words)
    for small in ("And", "Of", "The", "On", "Upon"):
        text = text.replace(f" {small} ", f" {small.lower()} ")
    return text


def plain_name(name: str) -> str:
    """Lower case, one space between words, no punctuation: what spellings of a name have in common.

    >>> plain_name("ST. JAMES'S  & South-Acton")
    'st jamess and south acton'
    """
    plain = re.sub("['\u2019]", "", name.lower()).replace("&", " and ")
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())

"""What the readers of all formats make of a header: names that are distinct, and notes on columns that are left out."""

from __future__ import annotations

from pipeline.core.columns import HeaderMatch


def distinct_names(header: list[str]) -> list[str]:
    """Names that Arrow accepts: a repeated or empty one gets its place behind it."""
    seen: set[str] = set()
    names = []
    for place, found in enumerate(header):
        names.append(found if found and found not in seen else f"{found}#{place}")
        seen.add(found)
    return names


def notes_on(match: HeaderMatch, name: str) -> tuple[str, ...]:
    """What of a table is not taken over, so that a new column of the publisher does not go unnoticed."""
    if not match.unknown:
        return ()
    return (f"{name}: columns that are not known were left out: {', '.join(match.unknown)}",)

"""Filters that write numbers as people do."""

from django import template

from pipeline.core import wording

register = template.Library()

register.filter("seconds", wording.readable_seconds)
register.filter("duration", wording.readable_duration)
register.filter("count", wording.readable_count)
register.filter("size", wording.readable_bytes)
register.filter("share", wording.readable_share)


@register.filter
def brier(scores: dict[str, float], limit: float) -> str:
    """The Brier score at a limit in seconds."""
    return f"{scores[f'{limit:g}']:.3f}"


@register.filter
def minutes(seconds: float) -> str:
    """A limit: 360 → "6 min"."""
    return f"{float(seconds) / 60:g} min"

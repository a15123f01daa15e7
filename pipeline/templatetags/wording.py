"""Filters that write numbers as people do."""

import datetime as dt
from collections.abc import Callable

from django import template
from django.utils import timezone

from pipeline import steps
from pipeline.core import wording

register = template.Library()


def _unbroken(write: Callable[..., str]) -> Callable[..., str]:
    return lambda value: wording.unbroken(write(value))


register.filter("seconds", _unbroken(wording.readable_seconds))
register.filter("signed_seconds", _unbroken(wording.readable_signed_seconds))
register.filter("duration", _unbroken(wording.readable_duration))
register.filter("count", wording.readable_count)
register.filter("size", _unbroken(wording.readable_bytes))
register.filter("share", _unbroken(wording.readable_share))
register.filter("chance", _unbroken(wording.readable_chance))
register.filter("signed", wording.readable_signed)
register.filter("percent", _unbroken(wording.readable_percent))
register.filter("minutes", _unbroken(wording.readable_minutes))


@register.filter
def elapsed(since: dt.datetime) -> str:
    """How long ago a moment was."""
    return wording.readable_duration((timezone.now() - since).total_seconds())


@register.filter
def step_title(name: str) -> str:
    """What people call a step; its name where it is one of former days."""
    return next((step.title for step in steps.every() if step.name == name), name)


@register.filter
def brier(scores: dict[str, float], limit: float) -> str:
    """The Brier score at a limit in seconds."""
    return f"{scores[f'{limit:g}']:.3f}"


@register.filter
def at_limit(shares: dict[str, float], limit: float) -> float:
    """The share kept under a limit in seconds."""
    return shares[f"{limit:g}"]


@register.filter
def r2(explained: float) -> str:
    """R² with two decimals and a true minus: it can be negative."""
    return f"{round(explained, 2) + 0.0:.2f}".replace("-", "−")


@register.filter
def unlocalised(number: float) -> str:
    """A number as scripts and drawings read it: no thousands set apart."""
    return repr(float(number))


@register.filter
def day(iso: str) -> str:
    """A day that was kept as text, such as 2023-08-01, as people write it."""
    return f"{dt.date.fromisoformat(iso):%-d %b %Y}"

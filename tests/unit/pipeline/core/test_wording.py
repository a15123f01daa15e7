"""Numbers as people write them."""

from __future__ import annotations

import math

import pytest

from pipeline.core import wording


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (-0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (312.48, "5 min 12 s"),
        (-75, "−1 min 15 s"),
        (1200, "20 min 0 s"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert wording.readable_seconds(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.42, "0.4 s"), (75, "1 min 15 s"), (3599, "59 min 59 s"), (7260, "2 h 1 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert wording.readable_duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (33, "33rd"), (112, "112th")]
)
def test_ranks(number: int, text: str) -> None:
    assert wording.readable_ordinal(number) == text


@pytest.mark.parametrize(("seconds", "text"), [(-28.57, "−29 s"), (102.4, "+102 s"), (0.4, "0 s"), (-0.4, "0 s")])
def test_differences(seconds: float, text: str) -> None:
    assert wording.readable_signed_seconds(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (1_234_567, "1,234,567"), (-1234, "−1,234")])
def test_counts(number: int, text: str) -> None:
    assert wording.readable_count(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(-28.57, "−28.6"), (2.68, "+2.7"), (0, "0.0"), (-0.04, "0.0"), (10.0, "+10.0"), (-10.0, "−10.0")],
)
def test_signed_numbers(number: float, text: str) -> None:
    assert wording.readable_signed(number) == text


@pytest.mark.parametrize(
    ("size", "text"), [(999, "999 B"), (1_500, "1.5 kB"), (168_034_240, "168 MB"), (2_000_000_000_000, "2000 GB")]
)
def test_sizes(size: float, text: str) -> None:
    assert wording.readable_bytes(size) == text


def test_shares() -> None:
    assert wording.readable_share(0.7031) == "70 %"


@pytest.mark.parametrize(
    ("chance", "text"),
    [(0.0, "under 1 %"), (0.009, "under 1 %"), (0.01, "1 %"), (0.703, "70 %"), (0.99, "99 %"), (1.0, "over 99 %")],
)
def test_chances_are_never_certain(chance: float, text: str) -> None:
    assert wording.readable_chance(chance) == text

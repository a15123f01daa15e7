"""The report's plots: whole SVG, the same bytes each time, described in words, free of outside hosts."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline.core import plots

SVG = "{http://www.w3.org/2000/svg}"


def square(name: str, left: float) -> dict[str, Any]:
    ring = [[left, 51.4], [left + 0.1, 51.4], [left + 0.1, 51.5], [left, 51.5], [left, 51.4]]
    return {"properties": {"borough_name": name}, "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]}}


OUTLINES = {"features": [square("Ealing", -0.4), square("Camden", -0.2), square("Sutton", 0.0)]}


def scores(mae: float, n: int = 1_234) -> dict[str, float]:
    return {"mae": mae, "bias": -4.0, "n": n}


def errors(n: int = 500) -> np.ndarray:
    return np.random.default_rng(1).normal(10, 90, n)


CURVES = {
    "360": [{"said": 0.2, "seen": 0.35, "n": 50}, {"said": 0.9, "seen": 0.88, "n": 50}],
    "600": [{"said": 0.95, "seen": 0.96, "n": 100}],
}
DRAWN: dict[str, Callable[[], str]] = {
    "errors": lambda: plots.error_distribution(errors()),
    "scatter": lambda: plots.predicted_against_actual(300 + errors(), 320 + errors()[::-1]),
    "reliability": lambda: plots.reliability_curves(CURVES),
    "hours": lambda: plots.error_by_hour({"00": scores(60), "14": scores(95), "23": scores(70)}),
    "boroughs": lambda: plots.error_by_borough({"Ealing": scores(88.4), "Camden": scores(66.2)}, OUTLINES),
}
SMALLEST: dict[str, Callable[[], str]] = {
    "errors": lambda: plots.error_distribution(np.array([5.0])),
    "scatter": lambda: plots.predicted_against_actual(np.array([300.0]), np.array([1_500.0])),
    "reliability": lambda: plots.reliability_curves({"360": []}),
    "hours": lambda: plots.error_by_hour({}),
    "boroughs": lambda: plots.error_by_borough({}, OUTLINES),
    "one borough": lambda: plots.error_by_borough({"Ealing": scores(88.4)}, OUTLINES),
}


def words(svg: str) -> str:
    return " ".join(text.strip() for text in ElementTree.fromstring(svg).itertext() if text.strip())


@pytest.mark.parametrize("name", DRAWN)
def test_a_plot_is_one_svg_element_with_title_and_description(name: str) -> None:
    root = ElementTree.fromstring(DRAWN[name]())

    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text
    assert description.text


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_figures_give_the_same_bytes(name: str) -> None:
    assert DRAWN[name]() == DRAWN[name]()


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_fetched_and_nothing_runs(name: str) -> None:
    svg = DRAWN[name]()
    hosts = set(re.findall(r"https?://[^/\"' ]+", re.sub(r'xmlns(:\w+)?="[^"]+"', "", svg)))

    assert hosts == set()
    assert "<script" not in svg
    assert "<metadata" not in svg


def test_two_plots_on_one_page_share_no_identifier_and_refer_to_their_own() -> None:
    seen: set[str] = set()
    for draw in DRAWN.values():
        svg = draw()
        own = re.findall(r'\bid="([^"]+)"', svg)
        referred = re.findall(r'(?:url\(#|href="#)([^)"]+)', svg)
        assert len(own) == len(set(own))
        assert set(referred) <= set(own)
        assert not seen & set(own)
        seen |= set(own)


@pytest.mark.parametrize("name", SMALLEST)
def test_one_row_or_no_group_is_drawn_too(name: str) -> None:
    ElementTree.fromstring(SMALLEST[name]())


def test_the_map_can_be_read_without_colour_and_shows_no_number_for_a_hidden_borough() -> None:
    text = words(DRAWN["boroughs"]())

    assert "88" in text
    assert "66" in text
    assert "smallest in Camden, 66 seconds, and largest in Ealing, 88 seconds" in text


def test_the_bars_carry_their_n_and_the_words_name_the_extremes() -> None:
    text = words(DRAWN["hours"]())

    assert text.count("n 1,234") == 3
    assert "smallest at 00 h, 60 seconds, and largest at 14 h, 95 seconds" in text


def test_the_histogram_says_where_the_middle_lies() -> None:
    assert "The middle 80 % lie between −1 min 20 s and 1 min 20 s" in words(
        plots.error_distribution(np.linspace(-100, 100, 201))
    )


def test_the_reliability_names_each_limit_and_where_it_is_farthest_off() -> None:
    text = words(DRAWN["reliability"]())

    assert "Within 6 min, farthest off where 20% was said and 35% seen" in text
    assert "within 10 min" in text

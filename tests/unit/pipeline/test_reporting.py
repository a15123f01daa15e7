"""The report: plain words first, whole in itself, and honest about what a model is worth."""

from __future__ import annotations

import datetime as dt
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline import reporting
from pipeline.core.baselines import BASELINES
from pipeline.core.estimators import LinearAttendance
from pipeline.core.evaluate import Difference, Evaluation, evaluate
from pipeline.core.splits import Split

STANDARDS = {
    "first": {"mean_seconds": 360, "within_seconds": 600, "within_share": 0.9},
    "second": {"mean_seconds": 480, "within_seconds": 720, "within_share": 0.95},
}
FACTS: dict[str, Any] = {
    "number": 7,
    "is_sample": False,
    "notes": ["A note on <training>."],
    "made_at": dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC),
    "run": 12,
    "code_version": "abc1234",
}


def features(n: int, first_day: str, seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    distance = generator.uniform(0.2, 6, n)
    called_at = pd.Timestamp(first_day) + pd.to_timedelta(np.arange(n) % 1_400, unit="h")
    return pd.DataFrame(
        {
            "incident_number": pd.Series([f"{seed}-{number}" for number in range(n)], dtype="str"),
            "called_at": called_at,
            "pump_order": np.arange(n) % 2 + 1,
            "station_name": pd.Series(["Acton", "Soho"] * (n // 2), dtype="str"),
            "distance_km": distance,
            "hour": called_at.hour,
            "borough_name": pd.Series(["Ealing", "Westminster"] * (n // 2), dtype="str"),
            "attendance_seconds": 150 + 90 * distance + generator.normal(0, 40, n),
        }
    )


@pytest.fixture(scope="module")
def split() -> Split:
    return Split(features(2_000, "2023-01-01", seed=1), features(1_200, "2023-04-01", seed=2))


@pytest.fixture(scope="module")
def estimator(split: Split) -> LinearAttendance:
    return LinearAttendance().fit(split.train, split.train["attendance_seconds"].to_numpy())


@pytest.fixture(scope="module")
def evaluation(split: Split, estimator: LinearAttendance) -> Evaluation:
    target = split.train["attendance_seconds"].to_numpy()
    baselines = [make().fit(split.train, target) for make in BASELINES.values()]
    return evaluate(estimator, baselines, split, standards=STANDARDS, seed=1)


@pytest.fixture(scope="module")
def drawn(evaluation: Evaluation, estimator: LinearAttendance, split: Split) -> dict[str, str]:
    return reporting.draw_plots(evaluation, estimator, split)


@pytest.fixture(scope="module")
def html(evaluation: Evaluation, drawn: dict[str, str]) -> str:
    return reporting.render_report(evaluation, drawn, FACTS)


class Reader(HTMLParser):
    """What a browser would see: text, tags left open, addresses asked for, identifiers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.open: list[str] = []
        self.asked: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        for name, value in attrs:
            if name in {"src", "href", "xlink:href", "action"} and value:
                self.asked.append(value)
            if name == "id" and value:
                self.ids.append(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "svg"} & set(self.open):
            self.text.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.text))


def test_the_page_is_whole_and_asks_for_nothing(html: str) -> None:
    page = Reader(html)

    assert page.open == []
    assert all(address.startswith(("#", "data:")) for address in page.asked)
    assert not page.tags & {"script", "link", "iframe", "img", "form"}
    assert "url(http" not in html
    assert "@import" not in html
    assert len(page.ids) == len(set(page.ids))


def test_the_words_come_first_with_periods_and_n(html: str) -> None:
    text = Reader(html).words

    assert "learnt from 2,000 engines sent from 1 January 2023 to 28 February 2023" in text
    assert "all 1,200 engines sent to 1,200 incidents from 1 April 2023" in text
    assert (
        text.index("learnt from") < text.index("Beside the baselines") < text.index("Plots") < text.index("By borough")
    )


def test_every_model_and_every_shown_group_has_its_row(html: str, evaluation: Evaluation) -> None:
    text = Reader(html).words

    for model in evaluation.models:
        assert model.title in text
    for grouping in reporting.SHOWN_GROUPINGS:
        for name in evaluation.model.groups[grouping]:
            assert name in text


def test_licence_and_limits_are_told(html: str) -> None:
    text = Reader(html).words

    assert "Open Government Licence" in text
    assert "London Fire Brigade" in text
    assert "for planning, not for dispatch" in text
    assert "fewer than five calls are not shown" in text


def test_notes_are_shown_as_text_and_not_as_markup(html: str) -> None:
    assert "A note on &lt;training&gt;." in html


@pytest.mark.parametrize("is_sample", [True, False])
def test_sample_data_is_labelled_and_real_data_is_not(
    evaluation: Evaluation, drawn: dict[str, str], is_sample: bool
) -> None:
    html = reporting.render_report(evaluation, drawn, FACTS | {"is_sample": is_sample})

    assert ("Sample data" in Reader(html).words) is is_sample


def test_the_same_evaluation_gives_the_same_page(evaluation: Evaluation, split: Split, html: str) -> None:
    target = split.train["attendance_seconds"].to_numpy()
    again = reporting.draw_plots(evaluation, LinearAttendance().fit(split.train, target), split)

    assert reporting.render_report(evaluation, again, FACTS) == html


@pytest.mark.parametrize(
    ("low", "seconds", "high", "verdict"),
    [
        (-30.0, -28.6, -27.1, "The model is better by 28.6 s (95 %: 27.1 to 30.0 s)."),
        (2.1, 2.7, 3.2, "The model is worse by 2.7 s (95 %: 2.1 to 3.2 s)."),
        (-0.2, 1.0, 2.2, "No clear difference: 1.0 s (95 %: −0.2 to 2.2 s), chance may explain it."),
    ],
)
def test_better_worse_or_no_clear_difference_is_said(
    evaluation: Evaluation, low: float, seconds: float, high: float, verdict: str
) -> None:
    changed = Evaluation(
        **vars(evaluation) | {"differences": (Difference("mean", "Mean", seconds, low, high),)},
    )

    (sentence,) = reporting.compare(changed)

    assert sentence.startswith("Mean: off by ")
    assert sentence.endswith(verdict)


def test_the_json_twin_holds_the_same_figures(tmp_path: Path, evaluation: Evaluation, html: str) -> None:
    page, twin = tmp_path / "report.html", tmp_path / "report.json"

    reporting.write_report(page, twin, evaluation, html, is_sample=True)

    content = json.loads(twin.read_text(encoding="utf-8"))
    assert page.read_text(encoding="utf-8") == html
    assert content["models"][0]["overall"]["mae"] == evaluation.model.overall.mae
    assert content["is_sample"] is True
    assert "Open Government Licence" in content["licence"]

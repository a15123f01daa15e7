"""The pages about model versions, open to all as the predictions are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline import model_figures, registry
from pipeline.core.wording import PART_NAMES
from pipeline.model_card import model_card
from pipeline.models import VersionState
from tests.integration.markup import text_of
from tests.integration.records import copy_version

pytestmark = pytest.mark.django_db


def queries_of(client, url):
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_without_a_version_the_list_says_what_to_do(client):
    answer = client.get("/models")
    assert answer.status_code == 200
    assert "No model has been trained yet." in text_of(answer)


def test_the_list_begins_with_the_version_in_use(client, trained):
    copy_version(trained)
    text = text_of(client.get("/models"))
    first, second = text.index(f'href="/models/{trained.number}"'), text.index(f'href="/models/{trained.number + 1}"')
    assert first < second
    assert f"<td>{trained.metrics['mae']:.1f} s</td>" in text
    assert "version 1: " in text  # the chart in words


def test_a_long_list_has_pages(client, trained):
    for _ in range(20):
        copy_version(trained)
    assert "Page 1 of 2" in text_of(client.get("/models"))
    assert "/models/2" in text_of(client.get("/models", {"page": 2}))
    assert client.get("/models", {"page": "x"}).status_code == 200


def test_a_version_is_told_in_words_figures_and_charts(client, trained):
    text = text_of(client.get(f"/models/{trained.number}"))
    scores = trained.evaluation["models"][0]["overall"]
    worst = max(trained.evaluation["models"][0]["groups"]["borough"].items(), key=lambda item: item[1]["mae"])
    for words in (
        f"tested on {trained.tested_rows:,} engines",
        f"<b>{scores['mae']:.1f} s</b>",
        "Kolesar distance law",
        "Sample data.",
        "Reliability: chances said against shares seen",
        f"Largest in {worst[0]}, {worst[1]['mae']:.0f} s",
        f"<td>{worst[1]['n']:,}</td>",
    ):
        assert words in text
    assert str(trained.datasets[0]["path"]) not in text  # no path of the server is told


def test_what_moves_a_prediction_is_told_largest_first(client, trained):
    influence = trained.evaluation["influence"]
    assert set(influence) == {"distance", "hour", "weekday", "station", "place"}
    text = text_of(client.get(f"/models/{trained.number}"))
    card = model_card(trained)
    names = [PART_NAMES[group] for group in sorted(influence, key=influence.get, reverse=True)]
    for places in (
        [text.index(f'<th scope="row">{name}</th>') for name in names],
        [card.index(f"| {name} |") for name in names],
    ):
        assert places == sorted(places)
    assert f"<td>{influence['distance']:.1f}</td>" in text
    assert f"| the distance | {influence['distance']:.1f} |" in card


def test_a_version_that_does_not_say_what_moves_it_has_no_such_part(client, trained):
    del trained.evaluation["influence"]
    trained.save()
    assert "What moves a prediction" not in text_of(client.get(f"/models/{trained.number}"))


def test_every_borough_of_london_is_on_the_map_of_errors(client, trained):
    drawn = model_figures.figures_of(trained)["map"]
    assert len(drawn["places"]) == 33
    shown = {place["name"] for place in drawn["places"] if place["shade"] is not None}
    assert shown == set(trained.evaluation["models"][0]["groups"]["borough"])


def test_a_retired_version_points_at_the_one_in_use(client, trained):
    version = copy_version(trained)
    registry.promote(version, by_name="tester", reason="a try")
    text = text_of(client.get(f"/models/{trained.number}"))
    assert "Retired" in text
    assert f'href="/models/compare?versions={version.number},{trained.number}"' in text


def test_a_version_without_an_evaluation_still_has_its_page(client, trained):
    version = copy_version(trained, evaluation={})
    assert "No evaluation was kept" in text_of(client.get(f"/models/{version.number}"))
    assert client.get("/models").status_code == 200


@pytest.mark.parametrize("url", ["/models/99", "/models/99/report", "/models/1/", "/models/-1", "/models/x"])
def test_what_is_no_version_is_not_found(client, trained, url):
    assert client.get(url).status_code == 404


def test_versions_tested_on_the_same_rows_are_compared_and_the_best_is_marked(client, trained):
    worse = copy_version(trained, metrics=trained.metrics | {"mae": 999.0})
    text = text_of(client.get("/models/compare", {"versions": f"{trained.number},{worse.number}"}))
    assert "All were tested on the same rows" in text
    assert f'<td class="best">{trained.metrics["mae"]:.1f} <span class="tag">best</span></td> <td>999.0</td>' in text


def test_of_versions_tested_on_other_rows_none_is_called_the_best(client, trained):
    other = copy_version(trained, tested_rows=7, metrics=trained.metrics | {"mae": 1.0})
    text = text_of(client.get("/models/compare", {"versions": f"{trained.number},{other.number}"}))
    assert "Not tested on the same rows." in text
    assert 'class="best"' not in text


def test_ticked_boxes_are_compared_too(client, trained):
    other = copy_version(trained)
    answer = client.get(f"/models/compare?versions={other.number}&versions={trained.number}")
    assert [version.number for version in answer.context["compared"]["versions"]] == [other.number, trained.number]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("", "Choose two to 6 versions: 0 came."),
        ("1", "Choose two to 6 versions: 1 came."),
        ("1,1", "Choose two to 6 versions: 1 came."),
        ("1,99", "There is no version 99"),
        ("1,<b>", "There is no version &lt;b&gt;"),
        ("1,99999999999999999999", "There is no version 99999999999999999999"),
    ],
)
def test_what_cannot_be_compared_is_explained(client, trained, asked, words):
    answer = client.get("/models/compare", {"versions": asked})
    assert answer.status_code == 400
    assert words in text_of(answer)


def test_the_best_coverage_is_the_one_nearest_to_what_was_promised(trained):
    wider = copy_version(trained, metrics={"coverage_80": 0.95})
    nearer = copy_version(trained, metrics={"coverage_80": 0.78})
    row = next(row for row in model_figures.compared([wider, nearer])["rows"] if row.title == "80 % interval holds")
    assert row.cells == [("95.0 %", False), ("78.0 %", True)]


def test_the_report_opens_and_may_load_and_run_nothing(client, trained):
    answer = client.get(f"/models/{trained.number}/report")
    assert b"Beside the baselines" in answer.content
    assert answer["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_report_that_was_changed_is_not_shown(client, trained, settings):
    (settings.LFB_MODEL_DIR / trained.file("report")["path"]).write_text("other words")
    assert client.get(f"/models/{trained.number}/report").status_code == 404


def test_the_pages_ask_a_fixed_number_of_queries(client, trained):
    copy_version(trained, state=VersionState.RETIRED)
    urls = ("/models", "/models/1", "/models/compare?versions=1,2")
    few = [queries_of(client, url) for url in urls]
    for _ in range(5):
        copy_version(trained)
    assert [queries_of(client, url) for url in urls] == few
    assert queries_of(client, "/models/compare?versions=1,2,3,4,5") == few[2]
    assert max(few) <= 5

"""The response times page, from processed files to what a reader sees and takes away."""

import csv
import html
import io
import json
import re

import openpyxl
import pandas as pd
import pytest

from pipeline import response_times
from pipeline.actions.count_response_times import count_response_times, figures_path
from pipeline.models import DatasetRun
from pipeline.storage.response_times import write_figures
from tests.integration.markup import text_of

pytestmark = pytest.mark.django_db

URL = "/response-times"


def read(client, **asked):
    answer = client.get(URL, asked)
    return answer, html.unescape(text_of(answer))


def rows_of(client, **asked):
    answer = client.get("/response-times.csv", asked)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_without_figures_the_page_says_what_to_run(client):
    answer, text = read(client)
    assert answer.status_code == 200
    assert "There are no response times yet" in text
    assert "manage.py process_data\nmanage.py build_features" in answer.content.decode()


def test_a_file_that_cannot_be_read_is_an_error_with_a_way_out(client, settings):
    (settings.LFB_DATA_DIR / "response_times.parquet").write_text("broken")
    answer, text = read(client)
    assert answer.status_code == 422
    assert "Run manage.py build_features again" in text


def test_the_page_shows_key_figures_map_trend_heat_map_and_table(client, trained):
    answer, text = read(client)
    assert answer.status_code == 200
    assert "Sample data." in text
    for words in ("Calls counted", "Boroughs", "Month by month", "Hour and weekday", "By borough", "5 May 2022"):
        assert (words in text) == (words != "5 May 2022")  # the sample is of 2023: no break lies in it
    assert text.count("<path") >= 33
    assert "standard 6 min" in text
    assert "met" in text
    assert "not met" in text


def test_nothing_in_the_page_needs_an_inline_style_or_script(client, trained):
    text = read(client)[1]
    assert "style=" not in text
    assert "<style" not in text
    assert "<script" not in text
    assert " onclick" not in text


@pytest.mark.parametrize(
    "by", ["borough", "ward", "station_ground", "hour", "weekday", "hour_weekday", "month", "delay_reason"]
)
@pytest.mark.parametrize("pump", ["first", "second"])
def test_every_table_opens_and_downloads_and_agrees_with_its_total(client, trained, by, pump):
    answer, text = read(client, by=by, pump=pump, year="all")
    assert answer.status_code == 200
    assert "figures-table" in text
    rows = rows_of(client, by=by, pump=pump, year="all")
    shown = sum(int(row["calls"]) for row in rows if row["calls"])
    total = response_times.book().total(pump).calls
    assert 0 < shown <= total
    assert all(int(row["calls"]) >= 5 for row in rows if row["calls"])
    assert all(row["mean_seconds"] == "" for row in rows if not row["calls"])


@pytest.mark.parametrize("measure", ["mean", "median", "p90", "within_average", "within_limit"])
def test_every_measure_is_drawn(client, trained, measure):
    answer, text = read(client, measure=measure, pump="second")
    assert answer.status_code == 200
    assert ("per cent" in text) == measure.startswith("within")


def test_figures_are_those_of_the_processed_file(client, trained, settings):
    raw = pd.read_parquet(settings.LFB_DATA_DIR / "incident_data.parquet")
    seconds = raw["FirstPumpArriving_AttendanceTime"].astype("float64")
    raw, seconds = raw[seconds.between(1, 1_200)], seconds[seconds.between(1, 1_200)]
    wanted = seconds.groupby(raw["ProperCase"].str.lower()).agg(["size", "mean"])
    for row in rows_of(client, by="borough", year="all"):
        if row["calls"]:
            assert int(row["calls"]) == wanted.loc[row["name"].lower(), "size"]
            assert float(row["mean_seconds"]) == pytest.approx(wanted.loc[row["name"].lower(), "mean"], abs=0.01)
            assert (row["meets_average"] == "True") == (wanted.loc[row["name"].lower(), "mean"] <= 360)


def test_a_borough_has_its_own_figures_wards_and_months(client, trained):
    text = read(client, borough="Croydon", by="ward")[1]
    assert "Croydon, first pump" in text
    rows = rows_of(client, borough="Croydon", by="ward")
    assert {row["borough"] for row in rows} == {"Croydon"}
    total = response_times.book().total("first", year=2023, borough="Croydon")
    assert sum(int(row["calls"] or 0) for row in rows) <= total.calls


def test_a_borough_can_be_chosen_on_the_map_and_is_told_how_it_compares(client, trained):
    assert 'href="?pump=first&year=2023&borough=Croydon&by=borough&measure=mean"' in read(client)[1]
    text = read(client, borough="Croydon")[1]
    assert "<h1>Response times in Croydon</h1>" in text
    assert re.search(r"Croydon is (\d+ min )?\d+ s (slower|faster) than London as a whole: the ", text)
    assert 'href="/?place=Croydon"' in text


@pytest.mark.parametrize(("measure", "figure"), [("mean", "mean_seconds"), ("within_limit", "share_within_limit")])
def test_the_fastest_and_slowest_hour_of_the_whole_week_are_named(client, trained, measure, figure):
    rows = [row for row in rows_of(client, by="hour") if int(row["calls"] or 0) >= 30]
    rows.sort(key=lambda row: float(row[figure]), reverse=measure != "mean")
    text = read(client, measure=measure)[1]
    found = re.search(r"Fastest hour: (\d\d):00.*?Slowest hour: (\d\d):00", text)
    assert found.groups() == (rows[0]["group"], rows[-1]["group"])


def test_rows_are_sorted_by_a_heading_and_hidden_ones_come_last(client, trained):
    up = [row["mean_seconds"] for row in rows_of(client, by="ward", sort="mean")]
    down = [row["mean_seconds"] for row in rows_of(client, by="ward", sort="-mean")]
    known = [float(value) for value in up if value]
    assert known == sorted(known)
    assert [float(value) for value in down if value] == sorted(known, reverse=True)
    assert up[len(known) :] == [""] * (len(up) - len(known))
    text = read(client, sort="-mean")[1]
    assert text.count('aria-sort="descending"') == 1


def test_long_tables_are_cut_into_pages(client, trained):
    text = read(client, by="ward")[1]
    count = len(rows_of(client, by="ward"))
    assert count > 120
    assert f"Page 1 of {-(-count // 120)}" in text
    assert 'rel="next"' in text
    assert 'rel="prev"' in read(client, by="ward", page="2")[1]
    assert read(client, by="ward", page="999")[0].status_code == 200


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"pump": "third"}, "There is no “third” here"),
        ({"year": "1999"}, "There is no “1999” here"),
        ({"borough": "<script>alert(1)</script>"}, "here: choose from the list"),
        ({"by": "postcode"}, "There is no “postcode” here"),
        ({"measure": "best"}, "There is no “best” here"),
        ({"sort": "group; drop"}, "here: choose from the list"),
        ({"page": "0"}, "greater than or equal to 1"),
        ({"page": "x"}, "Enter a whole number"),
    ],
)
@pytest.mark.parametrize("url", [URL, "/response-times.csv", "/response-times.xlsx"])
def test_a_filter_that_cannot_be_is_explained(client, trained, url, asked, words):
    answer = client.get(url, asked)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


def test_the_workbook_says_what_it_holds(client, trained):
    answer = client.get("/response-times.xlsx", {"by": "station_ground", "year": "2023"})
    assert 'filename="sample-response-times-station-ground-2023.xlsx"' in answer["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    about = dict(book["About"].iter_rows(values_only=True))
    assert "SAMPLE DATA" in about
    assert "Open Government Licence" in about["Source"]
    assert about["Calls of"] == "2023"
    assert book["Figures"].max_row > 50


def test_the_page_asks_the_database_nothing(client, trained, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get(URL, {"by": "ward"})


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_page_can_only_be_read(client, trained, method):
    assert getattr(client, method)(URL).status_code == 405


def test_new_figures_are_shown_when_they_are_there(client, trained, start, sample_sources):
    before = response_times.book().total("first").calls
    assert response_times.book() is response_times.book()
    sample_sources(600, seed=9)
    start("process_data")
    assert start("build_features").status == "succeeded"
    after = response_times.book()
    assert after.total("first").calls < before


def test_a_failed_build_leaves_the_figures(client, trained, start, settings):
    kept = (settings.LFB_DATA_DIR / "response_times.parquet").read_bytes()
    (settings.LFB_DATA_DIR / "incident_data.parquet").unlink()
    assert start("build_features").status == "failed"
    assert (settings.LFB_DATA_DIR / "response_times.parquet").read_bytes() == kept


def test_figures_from_incidents_alone_offer_no_reasons_of_delay(client, start, sample_sources):
    sample_sources()
    start("process_data", datasets=["incident"])
    start("build_features")
    text = read(client)[1]
    assert "Reason of delay" not in text
    assert read(client, by="delay_reason")[0].status_code == 400


def test_the_build_records_the_figures_and_where_they_come_from(trained, settings):
    run = DatasetRun.objects.of_step("build_features").get()
    assert {"response_times.parquet", "response_times.manifest.json"} <= {record["name"] for record in run.outputs}
    manifest = json.loads((settings.LFB_DATA_DIR / "response_times.manifest.json").read_text())
    assert manifest["is_sample"]
    sources = {record["name"]: record["sha256"] for record in manifest["inputs"]}
    assert sources == response_times.book().facts["sources_sha256"]
    assert (manifest["from"][:4], manifest["to"][:4]) == ("2023", "2023")


def test_changed_standards_are_pointed_out(client, trained, settings):
    standards = {pump: dict(rule) for pump, rule in settings.LFB_STANDARDS.items()}
    standards["first"]["mean_seconds"] = 300
    settings.LFB_STANDARDS = standards
    assert "other standards than the settings ask for" in read(client)[1]


@pytest.fixture
def counted():
    """Figures of so many calls of one borough, in place."""

    def _count(calls, seconds=300, **more):
        incidents = pd.DataFrame(
            {
                "called_at": pd.to_datetime(["2023-03-19 14:11:51"] * calls).astype("datetime64[s]"),
                "first_pump_attendance_seconds": pd.array([seconds] * calls, dtype="Int64"),
                "second_pump_attendance_seconds": pd.array([pd.NA] * calls, dtype="Int64"),
                **dict.fromkeys(("proper_case", "borough_name", "station_ground"), "Ealing"),
                **dict.fromkeys(("ward_code", "ward_name", "ward_name_new"), more.get("ward", "Abbey")),
            }
        )
        times = count_response_times(incidents, None, ["Ealing"])
        facts = times.facts | {"is_sample": False, "sources_sha256": {}}
        write_figures(times.figures, facts, figures_path())

    return _count


@pytest.mark.parametrize(
    ("calls", "seconds", "words"),
    [
        (1, 300, "Fewer than five calls: no figure is shown"),
        (4, 300, "Fewer than five calls: no figure is shown"),
        (5, 300, "5 min 0 s"),
        (5, 0, "No first pump arrived in this period"),
    ],
)
@pytest.mark.parametrize("by", ["borough", "ward", "hour_weekday", "month"])
def test_hardly_any_calls_make_a_page_all_the_same(client, counted, calls, seconds, words, by):
    counted(calls, seconds)
    answer, text = read(client, by=by)
    assert answer.status_code == 200
    assert words in text
    assert ("5 min 0 s" in text) == (calls == 5 and seconds == 300)
    assert "Sample data" not in text
    assert client.get("/response-times.xlsx", {"by": by}).status_code == 200


def test_names_from_the_records_are_text_and_no_markup_or_formula(client, counted):
    counted(5, ward="=<b>1+1</b>")
    assert "<b>1+1" not in client.get(URL, {"by": "ward"}).content.decode()
    assert rows_of(client, by="ward")[0]["name"] == "'=<b>1+1</b>"


@pytest.fixture
def reader(roles, trained):
    return roles["standard"]


def test_the_api_gives_the_rows_of_the_page_in_pages(reader):
    body = reader.get("/api/v1/response-times", {"by": "ward", "pump": "second", "page_size": 20, "page": 2}).json()
    rows = rows_of(reader, by="ward", pump="second")
    assert body["count"] == len(rows)
    assert "page=3" in body["next"]
    assert [row["name"] for row in body["results"]] == [row["name"] for row in rows[20:40]]
    assert body["results"][0]["average_standard_seconds"] == 480
    assert body["results"][0]["is_sample"]


def test_the_csv_of_the_api_is_that_of_the_page(reader):
    asked = {"by": "hour", "borough": "Camden"}
    by_api, by_page = (reader.get(url, asked).content for url in ("/api/v1/response-times.csv", "/response-times.csv"))
    assert by_api == by_page


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"pumps": "first"}, "pumps"),
        ({"by": "street"}, "by"),
        ({"year": "20"}, "year"),
        ({"borough": "Acton"}, "borough"),
    ],
)
def test_the_api_refuses_what_it_does_not_know(reader, asked, field):
    answer = reader.get("/api/v1/response-times", asked)
    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert answer.json()["hint"] or field == "pumps"


def test_the_api_without_figures_says_what_to_run(roles):
    answer = roles["standard"].get("/api/v1/response-times")
    assert (answer.status_code, answer.json()["code"]) == (409, "missing_input")
    assert "build_features" in answer.json()["hint"]

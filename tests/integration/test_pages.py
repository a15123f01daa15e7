"""Pages, health and the admin."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from lfb_site import content_policy
from pipeline.models import DatasetRun, ModelVersion, Schedule, Station
from tests.integration.markup import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin_client():
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("chief", password="a long enough one"))
    return client


def test_health_without_a_model_says_what_is_missing(client):
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "missing": ["no model version is in use: train one"]}


def test_health_with_a_model_is_ok(client, trained):
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "missing": []})


def test_health_without_the_job_queue_is_degraded(client, trained, settings):
    settings.RQ_QUEUES = {name: {"URL": "unix:///nowhere.sock"} for name in settings.RQ_QUEUES}
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["missing"] == ["the job queue does not answer: steps can be started by commands alone"]


def test_a_schedule_is_changed_and_started_in_the_admin(admin_client, django_capture_on_commit_callbacks):
    schedule = Schedule.objects.get(chain="housekeeping")
    page = f"/admin/pipeline/schedule/{schedule.pk}/change/"
    fields = {"name": "Nightly", "chain": "housekeeping", "cron": "0 2 * * *", "if_missed": "skip", "enabled": "on"}
    wrong = admin_client.post(page, fields | {"cron": "0 4 31 2 *"})
    assert b"No day fits" in wrong.content
    assert admin_client.post(page, fields).status_code == 302
    assert b"02:00" in admin_client.get("/admin/pipeline/schedule/").content
    with django_capture_on_commit_callbacks(execute=True):
        chosen = {"action": "start_now", "_selected_action": [schedule.pk]}
        admin_client.post("/admin/pipeline/schedule/", chosen)
    run = DatasetRun.objects.earliest("pk")
    assert (run.step, run.started_by_name, run.schedule) == ("housekeeping", "chief", schedule)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"station": "Acton", "distance": "2"}, True),
        ({"station": "Acton", "distance": "2", "hour": "9"}, True),
        ({"place": "Croydon"}, True),
        ({"place": "Croydon", "hour": "9"}, False),
    ],
)
def test_an_answer_that_knows_less_than_the_test_did_says_so(client, trained, question, said):
    text = text_of(client.get("/", question))
    assert "predictions were off by" in text
    assert ("Their place and hour were known" in text) == said


def test_the_day_stands_in_the_address_and_counts(client, trained):
    asked = {"place": "TQ 20 80", "hour": "14"}
    seconds = {}
    for day in ("", "Monday", "Sunday"):
        page = client.get("/", asked | {"weekday": day})
        seconds[day] = page.context["answer"].seconds
        assert (f", {day}, 14:00" in text_of(page)) == bool(day)
        assert ("No weekday given" in text_of(page)) == (day == "")
    assert len(set(seconds.values())) == 3
    assert b'<option value="Sunday" selected>' in page.content


def test_a_day_that_is_none_is_explained(client, trained):
    answer = client.get("/", {"place": "TQ 20 80", "weekday": "Someday"})
    assert answer.status_code == 400
    assert "Someday is not one of the available choices" in text_of(answer)


def test_an_answer_leads_to_other_stations_and_to_the_figures_of_its_borough(client, trained):
    text = text_of(client.get("/", {"place": "Croydon", "hour": "9", "distance": "3"}))
    assert re.search(r'href="\?place=Croydon&amp;hour=9&amp;station=[A-Z][a-z]+#result"', text)
    assert 'href="/response-times?borough=Croydon"' in text
    assert 'href="/models/' in text


def test_the_queues_own_pages_are_for_staff(admin_client, client):
    assert admin_client.get("/admin/queues/").status_code == 200
    assert client.get("/admin/queues/").status_code == 302


def test_the_first_page_without_a_model_says_what_to_do(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert b"train_model" in answer.content


def test_a_question_in_the_address_gets_its_answer(client, trained):
    answer = client.get("/", {"station": "acton", "distance": "2.4"})
    text = text_of(answer)
    assert answer.status_code == 200
    assert 'class="time"' in text
    assert "Acton, 2.40 km" in text
    assert "arrives within 6 min" in text
    assert "Sample data" in text


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"station": "Actn", "distance": "2"}, "Did you mean Acton"),
        ({"station": "Acton", "distance": "-2"}, "cannot be negative"),
        ({"station": "Acton", "distance": "nan"}, "Enter a number"),
        ({"station": "Acton", "distance": "99"}, "longer than 60 km"),
        ({"station": "", "distance": "1"}, "Name a place, or a station and a distance"),
        ({"station": "<script>alert(1)</script>", "distance": "1"}, "&lt;script&gt;"),
    ],
)
def test_a_wrong_question_is_explained_at_its_field(client, trained, question, words):
    answer = client.get("/", question)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize(
    ("question", "link"),
    [
        ({"station": "Actn", "distance": "2"}, "?station=Acton&amp;distance=2#result"),
        ({"place": "Camdn", "hour": "8"}, "?place=Camden&amp;hour=8#result"),
    ],
)
def test_what_was_likely_meant_is_one_click_away(client, trained, question, link):
    assert f'href="{link}"' in client.get("/", question).content.decode()


def test_a_distance_that_the_place_overrules_is_mentioned(client, trained):
    question = {"station": "Acton", "place": "Camden", "distance": "3"}
    assert "The distance given, 3 km, was not used" in text_of(client.get("/", question))
    assert "was not used" not in text_of(client.get("/", question | {"distance": ""}))


def test_the_page_asks_a_fixed_number_of_queries(client, trained, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        client.get("/", {"station": "Acton", "distance": "2.4"})


def test_a_wrong_address_gets_a_page_that_helps(client, settings):
    settings.DEBUG = False
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    text = text_of(answer)
    assert "Go to the prediction form" in text
    assert 'href="/response-times"' in text
    assert "<title>Page not found – London fire engine attendance times</title>" in text


def test_pages_come_compressed_where_that_is_understood(client, trained):
    for url in ("/", "/models", "/models/1", "/response-times"):
        plain, packed = client.get(url), client.get(url, headers={"accept-encoding": "gzip"})
        assert packed["Content-Encoding"] == "gzip"
        assert len(packed.content) < len(plain.content) / 2


def test_a_slash_too_many_does_not_lose_anybody(client, db):
    answer = client.get("/response-times/?borough=Camden")
    assert (answer.status_code, answer["Location"]) == (302, "/response-times?borough=Camden")
    assert client.get("/api/v1/runs/").json()["hint"] == "Addresses here end without a slash: /api/v1/runs"
    assert client.get("/api/v1/nowhere/").json()["hint"] == "The addresses are listed under /api/docs."


@pytest.mark.parametrize("name", ["station", "datasetrun", "modelversion"])
def test_admin_lists_and_details_open(admin_client, trained, name):
    assert admin_client.get(reverse(f"admin:pipeline_{name}_changelist")).status_code == 200
    model = {"station": Station, "datasetrun": DatasetRun, "modelversion": ModelVersion}[name]
    for found in model.objects.all()[:5]:
        assert admin_client.get(reverse(f"admin:pipeline_{name}_change", args=[found.pk])).status_code == 200


def test_run_list_asks_the_same_number_of_queries_for_any_number_of_runs(
    admin_client, trained, start, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    url = reverse("admin:pipeline_datasetrun_changelist")
    with CaptureQueriesContext(connection) as few:
        admin_client.get(url)
    for _ in range(5):
        start("predict", distance_km=1.0, station="Acton")
    with django_assert_num_queries(len(few)):
        admin_client.get(url)


def test_runs_cannot_be_added_changed_or_removed_by_hand(admin_client, trained):
    run = DatasetRun.objects.first()
    assert admin_client.get(reverse("admin:pipeline_datasetrun_add")).status_code == 403
    assert admin_client.post(reverse("admin:pipeline_datasetrun_delete", args=[run.pk])).status_code == 403


def test_stations_are_there_after_migrating_and_can_be_edited(admin_client):
    assert Station.objects.count() == 113
    acton = Station.objects.get(name="Acton")
    fields = {
        name: getattr(acton, name) or ""
        for name in (
            "code",
            "name",
            "kind",
            "borough_name",
            "latitude",
            "longitude",
            "easting_m",
            "northing_m",
            "opened",
        )
    }
    answer = admin_client.post(
        reverse("admin:pipeline_station_change", args=[acton.pk]), {**fields, "address": "New Road 1", "closed": ""}
    )
    assert answer.status_code == 302
    acton.refresh_from_db()
    assert acton.address == "New Road 1"


def test_stations_edited_by_hand_survive_the_next_migrate():
    from pipeline.reference_stations import load_missing_stations

    Station.objects.filter(name="Acton").delete()
    assert load_missing_stations() == 0
    assert not Station.objects.filter(name="Acton").exists()


@pytest.mark.parametrize(
    "question",
    [
        {"place": "TQ 20 80"},
        {"place": "51.52, -0.24", "hour": "8"},
        {"place": "520000 180000"},
        {"place": "camden"},
        {"place": "Soho"},
    ],
)
def test_a_place_is_read_however_it_is_written(client, trained, question):
    answer = client.get("/", question)
    assert answer.status_code == 200
    assert b"Stations nearby" in answer.content
    assert b"range for 80 of 100 held" in answer.content


@pytest.mark.parametrize("place", ["nowhere", "48.85, 2.35", "SU 10 10", "TQ 2 800", "51.52"])
def test_a_place_that_is_none_is_explained(client, trained, place):
    answer = client.get("/", {"place": place})
    assert answer.status_code == 400
    assert b"There is no answer yet." in answer.content


def test_a_borough_is_found_by_its_outline():
    from predictions.borough_map import borough_at, borough_names, middle_of

    assert (borough_at(51.5125, -0.0914), borough_at(51.376, -0.098)) == ("City of London", "Croydon")
    assert borough_at(51.0, 0.0) is None
    found = {name: borough_at(*middle_of(name)) for name in borough_names()}
    assert sum(name == there for name, there in found.items()) >= 31  # the middle of a crooked one may lie outside


def test_nothing_is_loaded_from_elsewhere_and_nothing_inline_runs(client, trained):
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy  # falls back to 'self'
    for page in ("/api/docs", "/api/redoc"):
        assert "script-src" not in client.get(page)["Content-Security-Policy"]


def test_the_policy_is_the_same_for_every_answer_but_those_that_say_otherwise(client, trained, settings, monkeypatch):
    def directives(page):
        return set(client.get(page).get("Content-Security-Policy", "").split("; "))

    usual = directives("/health")
    wanted = {" ".join([name, *sources]) for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()}
    assert usual == wanted
    assert directives("/models") == directives("/no-such-page") == usual
    assert "style-src 'self' 'unsafe-inline'" in directives("/api/docs")
    assert {"default-src 'none'", "sandbox"} < directives("/models/1/report")
    monkeypatch.setattr(content_policy.CSPMiddleware, "process_response", lambda *of: pytest.fail("put together anew"))
    assert directives("/health") == usual


def test_the_prediction_page_asks_the_database_no_more_for_a_longer_answer(
    client, trained, settings, django_assert_max_num_queries
):
    settings.LFB_REFRESH_SECONDS = 60
    client.get("/?place=TQ+20+80")
    with django_assert_max_num_queries(0):
        client.get("/?place=TQ+20+80&hour=8")


def test_a_page_that_broke_is_styled_without_the_list_of_hashed_files(rf, settings):
    """What broke may be that list itself."""
    from django.views.defaults import server_error

    text = server_error(rf.get("/")).content.decode()
    assert "Something went wrong" in text
    assert f'href="{settings.STATIC_URL}lfb_site/site.css"' in text


def test_one_version_alone_is_offered_no_comparison(client, trained):
    text = text_of(client.get("/models"))
    assert "Version 1" in text
    assert 'type="checkbox"' not in text
    assert "Mean error by version" not in text

"""The admin: the state of the system, runs started and ended by hand, versions put in use, stations in and out."""

import datetime as dt
import json
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from pipeline import queues, registry
from pipeline.models import DatasetRun, RunStatus, Schedule, Station, Trigger
from pipeline.schedules import Timekeeper
from tests.integration.markup import text_of
from tests.integration.records import copy_version, make_run

pytestmark = pytest.mark.django_db

RUNS, VERSIONS, STATIONS = (f"admin:pipeline_{name}_changelist" for name in ("datasetrun", "modelversion", "station"))
SCHEDULES = "admin:pipeline_schedule_changelist"
START = "admin:pipeline_datasetrun_start"


@pytest.fixture
def chief():
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("chief", password="a long enough one"))
    return client


@pytest.fixture
def reader():
    """Staff who may look at everything and change nothing."""
    user = get_user_model().objects.create_user("reader", password="a long enough one", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def no_queue(settings):
    settings.RQ_QUEUES = {name: {"URL": "unix:///nowhere.sock"} for name in settings.RQ_QUEUES}


def queries_of(client, url):
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


# Home


def test_home_of_an_empty_site_says_what_is_missing(chief):
    text = text_of(chief.get("/admin/"))
    assert "Process the data and build features" in text
    assert "No time can be predicted before a model is trained." in text
    assert "Nothing has failed." in text
    assert text.count("has not run yet") == 4


def test_home_tells_data_version_runs_and_failures(chief, trained):
    make_run("process_data", RunStatus.FAILED, error_message="The file ends too soon.")
    make_run("build_features", RunStatus.FAILED, finished_at=timezone.now() - dt.timedelta(days=8))
    text = text_of(chief.get("/admin/"))
    assert "to 31 Dec 2023" in text
    assert f"off by {trained.metrics['mae']:.1f} s on average" in text
    assert "put there by training" in text
    assert "The file ends too soon." in text
    assert '<p class="big bad">1</p>' in text  # the older one is not counted
    assert "Sample data." in text


def test_home_says_that_no_worker_is_there(chief):
    assert "No worker is there" in text_of(chief.get("/admin/"))


def test_home_says_that_no_scheduler_is_there(chief):
    assert "No scheduler is there" in text_of(chief.get("/admin/"))
    Timekeeper(queues._queue("default").connection, name="keeper").register_birth()
    assert "No scheduler is there" not in text_of(chief.get("/admin/"))


def test_home_opens_without_the_job_queue(chief, no_queue):
    answer = chief.get("/admin/")
    assert answer.status_code == 200
    assert "not connected" in text_of(answer)


def test_home_asks_the_same_number_of_queries_for_any_number_of_runs(chief, trained):
    make_run("process_data", RunStatus.FAILED)
    make_run(status=RunStatus.QUEUED)
    few = queries_of(chief, "/admin/")
    for status in RunStatus.values * 6:
        make_run(status=status)
    assert queries_of(chief, "/admin/") == few


# Runs


@pytest.mark.parametrize(
    ("step", "fields", "recorded"),
    [
        ("process_data", {"datasets": ["incident"]}, {"datasets": ["incident"], "convert_to_pickle": False}),
        ("build_features", {"rows_from": "incident"}, {"rows_from": "incident"}),
        ("train_model", {"estimator": "linear"}, {"estimator": "linear"}),
        ("evaluate_model", {"version": ""}, {"version": None}),
        (
            "backtest_model",
            {"folds": 3, "way": "station", "estimator": "linear"},
            {"folds": 3, "way": "station", "estimator": "linear"},
        ),
        ("monitor_model", {}, {}),
        ("housekeeping", {}, {}),
    ],
)
def test_every_step_is_started_with_its_parameters(chief, step, fields, recorded):
    answer = chief.post(reverse(START), {"step": step} | {f"{step}-{name}": value for name, value in fields.items()})
    run = DatasetRun.objects.get()
    assert (run.step, run.status, run.trigger, run.started_by_name) == (step, "queued", Trigger.ADMIN, "chief")
    assert recorded.items() <= run.parameters.items()
    assert answer.url == reverse("admin:pipeline_datasetrun_change", args=[run.pk])
    assert f'queued as <a href="{answer.url}">Run {run.pk}</a>' in text_of(chief.get(answer.url))


def test_processing_can_be_followed_by_all_that_comes_after(chief):
    chosen = {
        "process_data-datasets": ["incident"],
        "process_data-afterwards": "build_features,train_model,evaluate_model",
    }
    chief.post(reverse(START), {"step": "process_data"} | chosen)
    runs = DatasetRun.objects.order_by("pk")
    assert [run.step for run in runs] == ["process_data", "build_features", "train_model", "evaluate_model"]
    assert [run.follows_id for run in runs] == [None, *(run.pk for run in runs[:3])]


def test_a_wrong_form_starts_nothing_and_says_why(chief):
    text = text_of(chief.post(reverse(START), {"step": "process_data"}))
    assert "Choose at least one file." in text
    assert "Nothing was started" in text
    assert not DatasetRun.objects.exists()


def test_a_step_that_is_not_offered_cannot_be_started(chief):
    assert "Nothing was started" in text_of(chief.post(reverse(START), {"step": "predict"}))
    assert not DatasetRun.objects.exists()


def test_without_the_job_queue_nothing_is_started_and_the_page_says_so(chief, no_queue):
    text = text_of(chief.post(reverse(START), {"step": "housekeeping"}))
    assert "The job queue does not answer, so nothing was started." in text
    assert not DatasetRun.objects.exists()


def test_a_start_needs_a_token_of_the_form(chief):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = chief.cookies
    assert strict.post(reverse(START), {"step": "housekeeping"}).status_code == 403


@pytest.mark.parametrize("name", ["start", "cancel", "retry"])
def test_who_may_only_look_can_neither_start_cancel_nor_retry(reader, name):
    run = make_run()
    assert reader.get(reverse(RUNS)).status_code == 200
    assert reader.get(reverse(f"admin:pipeline_datasetrun_{name}"), {"ids": run.pk}).status_code == 403
    assert reader.post(reverse(f"admin:pipeline_datasetrun_{name}") + f"?ids={run.pk}").status_code == 403
    assert DatasetRun.objects.count() == 1


def test_a_waiting_run_is_cancelled_after_a_question(chief):
    run = make_run(status=RunStatus.QUEUED)
    url = reverse("admin:pipeline_datasetrun_cancel") + f"?ids={run.pk}"
    assert "A run that waits ends at once" in text_of(chief.get(url))
    run.refresh_from_db()
    assert run.status == RunStatus.QUEUED
    text = text_of(chief.post(url, follow=True))
    run.refresh_from_db()
    assert (run.status, run.notes) == (RunStatus.CANCELLED, ["Cancelled by chief before it began."])
    assert f"Run {run.pk}</a> is cancelled." in text
    assert LogEntry.objects.get().get_change_message() == "Cancelled."


def test_an_ended_run_is_tried_again_with_its_parameters(chief):
    run = make_run("build_features", RunStatus.FAILED, parameters={"rows_from": "incident"})
    url = reverse("admin:pipeline_datasetrun_retry") + f"?ids={run.pk}"
    text = text_of(chief.post(url, follow=True))
    again = DatasetRun.objects.get(retry_of=run)
    assert (again.step, again.status, again.parameters) == ("build_features", "queued", {"rows_from": "incident"})
    assert (again.trigger, again.started_by_name) == (Trigger.ADMIN, "chief")
    assert f"Run {run.pk}</a> is tried again as <a" in text
    assert f"Run {again.pk}</a>." in text


def test_a_part_of_another_run_is_not_tried_again_alone(chief):
    part = make_run("backtest_fold", RunStatus.FAILED, parameters={"part_of_run": 1})
    assert "Try again" not in text_of(chief.get(reverse("admin:pipeline_datasetrun_change", args=[part.pk])))
    url = reverse("admin:pipeline_datasetrun_retry") + f"?ids={part.pk}"
    assert "is part of another run, which starts it" in text_of(chief.get(url))
    chief.post(url)
    assert DatasetRun.objects.count() == 1


def test_of_several_chosen_runs_only_those_that_fit_are_cancelled(chief):
    waiting, ended = make_run(status=RunStatus.QUEUED), make_run()
    chosen = {"action": "cancel", "_selected_action": [waiting.pk, ended.pk]}
    asked = chief.post(reverse(RUNS), chosen)
    text = text_of(chief.get(asked.url))
    assert "Cancel 1 run" in text
    assert "1 of the chosen runs is left alone" in text
    chief.post(asked.url)
    assert [run.status for run in DatasetRun.objects.order_by("pk")] == [RunStatus.CANCELLED, RunStatus.SUCCEEDED]


@pytest.mark.parametrize("ids", ["", "7", "x", "99999999999999999999", "1,,'"])
def test_no_run_chosen_is_said(chief, ids):
    answer = chief.post(reverse("admin:pipeline_datasetrun_retry") + f"?ids={ids}", follow=True)
    assert "No run was chosen" in text_of(answer)


def status_of(client, run, **asked):
    return client.get(reverse("admin:pipeline_datasetrun_status", args=[run.pk]), asked)


def test_the_status_of_a_running_run_asks_again_and_shows_how_far_it_is(chief):
    progress = {"stage": "read incident", "done": 30, "total": 120}
    run = make_run(status=RunStatus.RUNNING, progress=progress, log_excerpt="three files <found>")
    answer = status_of(chief, run, seen="running")
    for words in ("read incident", "25 %", '<progress max="120" value="30"', "three files &lt;found&gt;"):
        assert words in text_of(answer)
    assert re.search(r'class="stage">for \d', text_of(answer))
    assert 'hx-trigger="every 2s"' in text_of(answer)
    assert "HX-Refresh" not in answer


@pytest.mark.parametrize(("seen", "status"), [("queued", RunStatus.RUNNING), ("running", RunStatus.SUCCEEDED)])
def test_the_page_of_a_run_is_loaded_afresh_when_its_status_changes(chief, seen, status):
    assert status_of(chief, make_run(status=status), seen=seen)["HX-Refresh"] == "true"


def test_a_list_learns_what_came_of_a_run_that_has_ended(chief):
    answer = status_of(chief, make_run(rows_in=1500, rows_out=1400))
    assert "took 0." in text_of(answer)
    assert "1,400 rows out" in text_of(answer)
    assert "hx-get" not in text_of(answer)
    assert "HX-Refresh" not in answer


def test_a_waiting_run_says_what_it_waits_for(chief):
    first = make_run(status=RunStatus.QUEUED, not_before=dt.datetime(2026, 7, 1, 9, 30, tzinfo=dt.UTC))
    assert "not before 1 Jul, 10:30" in text_of(status_of(chief, first))
    assert f"after run {first.pk}" in text_of(status_of(chief, make_run(status=RunStatus.QUEUED, follows=first)))


def test_the_page_of_a_run_shows_its_chain_and_its_attempts(chief):
    schedule = Schedule.objects.first()
    failed = make_run("process_data", RunStatus.FAILED, schedule=schedule)
    again = make_run("process_data", retry_of=failed, attempt=2)
    after = make_run("build_features", RunStatus.QUEUED, follows=again)
    last = make_run("train_model", RunStatus.QUEUED, follows=after)
    text = text_of(chief.get(reverse("admin:pipeline_datasetrun_change", args=[after.pk])))
    places = [text.index(f">Run {run.pk}</a>: {words}") for run, words in
              ((again, "process data"), (after, "build features"), (last, "train model"))]  # fmt: skip
    assert places == sorted(places)
    text = text_of(chief.get(reverse("admin:pipeline_datasetrun_change", args=[failed.pk])))
    assert f">Run {again.pk}</a>: process data" in text
    assert f"{schedule.name}</a>" in text


def test_the_page_of_a_run_leaves_out_what_has_nothing_to_show(chief):
    text = text_of(chief.get(reverse("admin:pipeline_datasetrun_change", args=[make_run(status=RunStatus.QUEUED).pk])))
    for words in ("Belongs to", "Files", "Rejected", "Finished at", "Peak memory", "real"):
        assert f"{words}" not in text.split('id="datasetrun_form"')[1]


def test_the_page_of_a_run_leads_to_the_version_that_it_made(chief, trained):
    text = text_of(chief.get(reverse("admin:pipeline_datasetrun_change", args=[trained.run_id])))
    assert f">Version {trained.number}</a>" in text
    assert f"Run {trained.run_id}: train model | Attendance times" in text


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"rows_out": None}, "–"),
        ({"rows_out": 5}, "real"),
        ({"rows_out": 5, "is_sample": True}, "sample"),
        ({"rows_out": 5, "step": "track_models"}, "–"),
    ],
)
def test_real_data_are_claimed_only_of_a_run_that_has_read_some(chief, facts, said):
    make_run(**facts)
    assert f'<td class="field-data">{said}</td>' in text_of(chief.get(reverse(RUNS)))


def test_the_page_of_a_run_that_crashed_shows_why_and_its_log(chief):
    run = make_run(
        status=RunStatus.CRASHED, error_hint="Start again.", log_excerpt="<b>one</b>\ntwo", rejects={"no place": 12}
    )
    text = text_of(chief.get(reverse("admin:pipeline_datasetrun_change", args=[run.pk])))
    for words in ("Not one row is left.", "Start again.", "&lt;b&gt;one&lt;/b&gt; two", "no place", "Try again"):
        assert words in text


@pytest.mark.parametrize(
    "filters",
    [
        {"status__exact": "failed"},
        {"status__in": "failed,crashed"},
        {"step": "process_data"},
        {"who": "chief"},
        {"q": "no hose"},
    ],
)
def test_runs_are_filtered_and_found(chief, filters):
    found = make_run("process_data", RunStatus.FAILED, started_by_name="chief", error_message="There is no hose.")
    make_run("train_model")
    text = text_of(chief.get(reverse(RUNS), filters))
    assert "1 run" in text
    assert f"/{found.pk}/change/" in text


def test_an_empty_list_says_why_it_is_empty(chief):
    assert "Nothing has run yet." in text_of(chief.get(reverse(RUNS)))
    assert "There is no version yet" in text_of(chief.get(reverse(VERSIONS)))
    make_run()
    assert "No run fits this search and these filters." in text_of(chief.get(reverse(RUNS), {"who": "nobody"}))


def test_the_runs_of_each_step_are_drawn_as_far_as_the_filters_leave_them(chief):
    for step in ("build_features", "build_features", "train_model", "train_model"):
        make_run(step, rows_out=1200)
    make_run("train_model", RunStatus.FAILED)
    make_run("train_model", RunStatus.CANCELLED)
    text = text_of(chief.get(reverse(RUNS)))
    assert text.count('aria-label="Took, 2 runs') == 1
    assert text.count('aria-label="Took, 3 runs') == 1
    assert text.count('aria-label="Rows, 2 runs: 1,200 the last time') == 2
    text = text_of(chief.get(reverse(RUNS), {"step": "train_model"}))
    assert '<section aria-label="Train model">' in text
    assert '<section aria-label="Build features">' not in text


def test_the_list_of_runs_asks_the_same_number_of_queries_for_any_number(chief):
    make_run(status=RunStatus.RUNNING)
    few = queries_of(chief, reverse(RUNS))
    for status in RunStatus.values * 6:
        make_run(status=status)
    assert queries_of(chief, reverse(RUNS)) == few


# Versions


def test_a_version_is_put_in_use_with_a_reason(chief, trained):
    version = copy_version(trained)
    url = reverse("admin:pipeline_modelversion_promote", args=[version.pk])
    assert "Say why" in text_of(chief.post(url, {"reason": " "}))
    text = text_of(chief.post(url, {"reason": "better in Camden"}, follow=True))
    version.refresh_from_db()
    assert (registry.current(), version.state_reason, version.promoted_by_name) == (
        version,
        "better in Camden",
        "chief",
    )
    assert f"Version {version.number} is in use now." in text
    assert "better in Camden" in LogEntry.objects.get().get_change_message()


def test_rolling_back_puts_the_former_version_in_use_and_keeps_the_reason(chief, trained):
    version = copy_version(trained)
    registry.promote(version, by_name="tester", reason="a try")
    url = reverse("admin:pipeline_modelversion_roll_back")
    assert f"Roll back to version {trained.number}" in text_of(chief.get(url))
    chief.post(url, {"reason": "too slow at night"})
    trained.refresh_from_db()
    assert registry.current() == trained
    assert trained.state_reason == f"rolled back from version {version.number}: too slow at night"


def test_there_is_nothing_to_roll_back_to_at_first(chief, trained):
    answer = chief.get(reverse("admin:pipeline_modelversion_roll_back"), follow=True)
    assert "nothing to roll back to" in text_of(answer)


def test_the_version_in_use_cannot_be_put_in_use_again(chief, trained):
    answer = chief.get(reverse("admin:pipeline_modelversion_promote", args=[trained.pk]), follow=True)
    assert f"Version {trained.number} is in use already." in text_of(answer)


def test_who_may_only_look_can_neither_promote_nor_roll_back(reader, trained):
    version = copy_version(trained)
    registry.promote(version, by_name="tester", reason="a try")
    for url in (
        reverse("admin:pipeline_modelversion_roll_back"),
        reverse("admin:pipeline_modelversion_promote", args=[trained.pk]),
    ):
        assert reader.get(url).status_code == 403
        assert reader.post(url, {"reason": "because"}).status_code == 403
    assert registry.current() == version


def test_the_page_of_a_version_tells_when_it_went_in_and_out_of_use_and_why(chief, trained):
    registry.promote(copy_version(trained), by_name="tester", reason="a try in Camden")
    text = text_of(chief.get(reverse("admin:pipeline_modelversion_change", args=[trained.pk])))
    assert "<td>replaced by version 2</td><td>tester</td><td>a try in Camden</td>" in text
    assert "<td>put in use</td><td>training</td>" in text


def test_several_chosen_versions_are_compared_and_too_many_refused(chief, trained):
    copies = [copy_version(trained) for _ in range(6)]
    two = {"action": "compare", "_selected_action": [trained.pk, copies[0].pk]}
    assert chief.post(reverse(VERSIONS), two).url == "/models/compare?versions=1,2"
    all_of_them = {"action": "compare", "_selected_action": [trained.pk, *(copy.pk for copy in copies)]}
    assert "Choose two to 6 versions" in text_of(chief.post(reverse(VERSIONS), all_of_them, follow=True))


def test_the_lists_of_versions_and_stations_ask_a_fixed_number_of_queries(chief, trained):
    copy_version(trained)
    few = queries_of(chief, reverse(VERSIONS))
    for _ in range(5):
        copy_version(trained)
    assert queries_of(chief, reverse(VERSIONS)) == few
    all_stations = queries_of(chief, reverse(STATIONS))
    Station.objects.filter(name__gt="B").delete()
    assert queries_of(chief, reverse(STATIONS)) == all_stations


def test_a_version_is_drawn_in_the_admin(chief, trained):
    text = text_of(chief.get(reverse("admin:pipeline_modelversion_change", args=[trained.pk])))
    for drawn in ("Reliability: chances said against shares seen", "All boroughs", "How much the intervals hold"):
        assert drawn in text


# Stations


def sheet(*rows):
    names = "name,code,kind,borough_name,address,latitude,longitude,easting_m,northing_m,opened,closed"
    return SimpleUploadedFile("stations.csv", "\n".join([names, *rows]).encode(), content_type="text/csv")


def give(client, file, format_number=0):
    return client.post("/admin/pipeline/station/import/", {"import_file": file, "format": format_number})


ACTON = "Acton,G26,land,Ealing,Moved Road 1,51.506969,-0.276957,519679,180078,1938,"


def test_stations_are_shown_on_a_map(chief):
    text = text_of(chief.get(reverse(STATIONS)))
    assert "<title>Acton</title>" in text
    assert "<title>Belsize, closed</title>" in text
    assert '<td class="field-opened_in">1938</td>' in text
    one = text_of(chief.get(reverse("admin:pipeline_station_change", args=[Station.objects.get(name="Acton").pk])))
    assert 'class="chosen"' in one


def test_an_import_is_shown_before_it_is_done_and_changes_by_name(chief):
    new = "Newtown,Z99,land,Camden,New Road 2,51.541,-0.143,528867,184037,2025,"
    shown = give(chief, sheet(ACTON, new))
    assert "Moved" in text_of(shown)
    assert Station.objects.count() == 113
    confirm = shown.context["confirm_form"].initial
    answer = chief.post("/admin/pipeline/station/process_import/", confirm, follow=True)
    assert "1 new, 1 updated" in text_of(answer)
    assert Station.objects.get(name="Acton").address == "Moved Road 1"
    assert Station.objects.get(name="Newtown").code == "Z99"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ACTON.replace("51.506969", "61.5"), "less than or equal to 51.8"),
        (ACTON.replace("51.506969", "51.6"), "km from easting and northing"),
        (ACTON.replace("G26", "H26"), "Addington has the code H26 already"),
        (ACTON.replace("land", "sea"), "sea"),
        (ACTON.replace("519679", "far"), "far"),
    ],
)
def test_a_wrong_row_is_explained_and_nothing_is_imported(chief, row, words):
    shown = give(chief, sheet("Newtown,Z99,land,Camden,New Road 2,51.541,-0.143,528867,184037,2025,", row))
    assert words in text_of(shown)
    assert "confirm_form" not in shown.context
    assert Station.objects.count() == 113


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,code\nActon,G26\n", "latitude, longitude, easting_m, northing_m is missing"),
        (b"\xff\xfe\x00nonsense", "error"),
        (b"", "empty"),
        (b"name\n" + b"x" * 2_100_000, "shorter than 2.0 MB"),
    ],
)
def test_a_file_that_is_no_list_of_stations_is_refused(chief, content, words):
    shown = give(chief, SimpleUploadedFile("stations.csv", content))
    assert shown.status_code == 200
    assert words in text_of(shown)
    assert "Traceback" not in text_of(shown)
    assert "confirm_form" not in (shown.context or {})


@pytest.mark.parametrize(("number", "kind"), [(0, "csv"), (1, "xlsx"), (2, "json")])
def test_what_is_exported_can_be_imported_again(chief, number, kind):
    answer = chief.post("/admin/pipeline/station/export/", {"format": number, "resource": 0})
    assert f".{kind}" in answer["Content-Disposition"]
    if kind == "csv":
        assert ",51.506969,-0.276957,519679.0,180078.0,1938," in answer.content.decode()
    if kind == "json":
        assert len(json.loads(answer.content)) == 113
    shown = give(chief, SimpleUploadedFile(f"stations.{kind}", answer.content), number)
    assert shown.context["confirm_form"] is not None
    assert not shown.context["result"].has_validation_errors()
    assert {row.import_type for row in shown.context["result"].rows} == {"skip"}


def test_who_may_only_look_can_export_but_not_import(reader):
    assert reader.get("/admin/pipeline/station/export/").status_code == 200
    assert reader.get("/admin/pipeline/station/import/").status_code == 403


# Schedules


def test_a_schedule_is_started_by_hand_and_the_run_linked(chief):
    schedule = Schedule.objects.get(chain="housekeeping")
    chosen = {"action": "start_now", "_selected_action": [schedule.pk]}
    text = text_of(chief.post(reverse(SCHEDULES), chosen, follow=True))
    first = DatasetRun.objects.earliest("pk")
    assert (first.schedule, first.started_by_name) == (schedule, "chief")
    assert f'/{first.pk}/change/">Run {first.pk}</a>.' in text
    assert LogEntry.objects.get().get_change_message() == f"Started by hand as run {first.pk}."


def test_without_the_job_queue_no_schedule_is_started(chief, no_queue):
    chosen = {"action": "start_now", "_selected_action": [Schedule.objects.first().pk]}
    assert "so nothing was started" in text_of(chief.post(reverse(SCHEDULES), chosen, follow=True))
    assert not DatasetRun.objects.exists()


@pytest.mark.parametrize(("cron", "words"), [("0 4 15 *", "wanted five fields"), ("0 4 31 2 *", "No day fits")])
def test_a_schedule_with_a_wrong_time_is_refused(chief, cron, words):
    schedule = Schedule.objects.first()
    fields = {"name": schedule.name, "chain": schedule.chain, "cron": cron, "if_missed": "skip", "enabled": "on"}
    text = text_of(chief.post(reverse("admin:pipeline_schedule_change", args=[schedule.pk]), fields))
    assert words in text
    assert Schedule.objects.get(pk=schedule.pk).cron == schedule.cron


@pytest.mark.parametrize(
    ("name", "title"), [("promotion", "Promotions"), ("schedule", "Schedules"), ("station", "Stations")]
)
def test_lists_are_named_for_what_they_hold(chief, name, title):
    assert f"<title>{title} | Attendance times</title>" in text_of(chief.get(f"/admin/pipeline/{name}/"))


# The job queue's own pages


QUEUE_PAGES = ("", "queues/0/", "queues/0/failed/", "workers/0/", "stats.json")


@pytest.mark.parametrize("address", QUEUE_PAGES)
def test_the_queues_pages_are_for_those_who_may_see_runs(chief, reader, address):
    assert chief.get(f"/admin/queues/{address}").status_code == 200
    assert reader.get(f"/admin/queues/{address}").status_code == 200
    clerk = Client()
    clerk.force_login(get_user_model().objects.create_user("clerk", password="a long enough one", is_staff=True))
    assert clerk.get(f"/admin/queues/{address}").status_code == 403


@pytest.mark.parametrize("address", ["empty/", "requeue-all/", "failed/clear/", "a/stop/", "a/delete/"])
def test_who_may_only_look_changes_nothing_in_the_queues(reader, address):
    assert reader.post(f"/admin/queues/queues/0/{address}").status_code == 403


def test_the_first_of_the_queues_pages_brings_no_styles_that_the_policy_refuses(chief):
    text = text_of(chief.get("/admin/queues/"))
    assert "<style" not in text
    assert "<title>Queues and workers | Attendance times</title>" in text


def test_an_administrator_empties_a_queue(chief):
    assert "successfully cleared" in text_of(chief.post("/admin/queues/queues/0/empty/", follow=True))


def test_a_job_that_the_queue_does_not_hold_is_not_found(chief):
    assert chief.post("/admin/queues/queues/0/nowhere/requeue/").status_code == 404


@pytest.mark.parametrize("address", ["", "queues/0/", "workers/0/"])
def test_without_the_job_queue_its_pages_say_so(chief, no_queue, address):
    answer = chief.get(f"/admin/queues/{address}")
    assert answer.status_code == 503
    assert "The job queue does not answer" in text_of(answer)

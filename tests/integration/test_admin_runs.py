"""Runs in the admin: started, followed, cancelled, tried again, found."""

import datetime as dt
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from pipeline.models import DatasetRun, RunStatus, Schedule, Trigger
from tests.integration.admin import RUNS, START, VERSIONS, queries_of
from tests.integration.markup import text_of
from tests.integration.records import make_run

pytestmark = pytest.mark.django_db


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

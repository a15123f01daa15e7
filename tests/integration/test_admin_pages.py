"""The first page of the admin, schedules, and the job queue's own pages."""

import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pipeline import queues
from pipeline.models import DatasetRun, RunStatus, Schedule
from pipeline.schedules import Timekeeper
from tests.integration.admin import SCHEDULES
from tests.integration.markup import text_of
from tests.integration.records import make_run

pytestmark = pytest.mark.django_db


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

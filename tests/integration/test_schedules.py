"""The timetable: due times on London's clock, taken once, missed times by rule, edited in two places."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connections
from django.utils import timezone
from redis import Redis
from rq.exceptions import StopRequested

from pipeline import schedules, upkeep
from pipeline.models import DatasetRun, Schedule, Trigger
from pipeline.worker import StepWorker

pytestmark = pytest.mark.django_db
UTC = dt.UTC


@pytest.fixture
def schedule():
    Schedule.objects.all().delete()
    return Schedule.objects.create(
        name="Monthly",
        chain="intake_and_retrain",
        cron="0 4 15 * *",
        handled_until=dt.datetime(2026, 11, 1, tzinfo=UTC),
    )


def test_a_new_site_has_a_timetable():
    assert dict(Schedule.objects.values_list("chain", "enabled")) == {"intake_and_retrain": True, "housekeeping": True}


@pytest.mark.parametrize("chain", schedules.CHAINS)
def test_every_chain_is_made_of_known_steps(chain):
    from pipeline import steps

    assert [steps.get(name).name for name in schedules.CHAINS[chain]] == list(schedules.CHAINS[chain])


def test_every_chain_that_can_be_chosen_exists():
    from pipeline.models import Chain

    assert set(schedules.CHAINS) == set(Chain)


@pytest.mark.parametrize(
    ("cron", "after", "due"),
    [
        ("0 4 15 * *", "2026-11-01T00:00", "2026-11-15T04:00"),
        ("0 4 15 * *", "2026-07-01T00:00", "2026-07-15T03:00"),  # 4:00 in summer time
        ("30 1 * * *", "2026-10-24T12:00", "2026-10-25T00:30"),  # the hour that comes twice: its first coming
        ("30 1 * * *", "2026-03-28T12:00", "2026-03-29T01:30"),  # the hour that is left out: as the clock goes on
    ],
)
def test_times_are_londons(cron, after, due):
    found = schedules.next_due(cron, dt.datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert found.astimezone(UTC) == dt.datetime.fromisoformat(due).replace(tzinfo=UTC)


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_nothing_is_started_before_its_time(schedule):
    assert schedules.start_due(at("2026-11-15T03:59")) == []


def test_a_due_schedule_starts_its_chain_once(schedule):
    first = schedules.start_due(at("2026-11-15T04:00:30"))[0]
    assert schedules.start_due(at("2026-11-15T04:00:30")) == []
    chain = list(DatasetRun.objects.order_by("pk"))
    steps_taken = [run.step for run in chain]
    assert steps_taken == ["process_data", "build_features", "monitor_model", "train_model", "evaluate_model"]
    assert [run.follows for run in chain] == [None, *chain[:-1]]
    assert {(run.trigger, run.started_by_name, run.schedule) for run in chain} == {
        (Trigger.SCHEDULE, "schedule “Monthly”", schedule)
    }
    schedule.refresh_from_db()
    assert schedule.last_event.endswith(f"started as run {first.pk}")


def test_two_schedulers_start_it_once(schedule):
    """Both have read the same row; the slower one finds the time taken."""
    stale = Schedule.objects.filter(pk=schedule.pk)
    assert len(schedules.start_due(at("2026-11-15T04:01"))) == 1
    assert not stale.filter(handled_until=schedule.handled_until).update(handled_until=timezone.now())


def test_a_missed_time_is_made_up_for_once(schedule):
    assert len(schedules.start_due(at("2027-03-20T00:00"))) == 1
    assert DatasetRun.objects.filter(step="process_data").count() == 1


def test_a_missed_time_is_skipped_where_that_is_the_rule(schedule):
    Schedule.objects.update(if_missed="skip")
    assert schedules.start_due(at("2027-03-20T00:00")) == []
    schedule.refresh_from_db()
    assert schedule.last_event == "20 Mar 2027 00:00: a time was missed and skipped"
    assert len(schedules.start_due(at("2027-04-15T03:01"))) == 1  # summer time


def test_a_chain_that_still_runs_is_not_started_again(schedule):
    schedules.start_due(at("2026-11-15T04:01"))
    assert schedules.start_due(at("2026-12-15T04:01")) == []
    schedule.refresh_from_db()
    assert "had not ended" in schedule.last_event


def test_what_is_not_enabled_rests(schedule):
    Schedule.objects.update(enabled=False)
    assert schedules.start_due(at("2027-03-20T00:00")) == []


@pytest.mark.parametrize("cron", ["", "0 4 15 *", "60 4 * * *", "0 4 31 2 *", "0 4 15 * * *", "@daily", "x"])
def test_what_is_no_timetable_is_refused(cron):
    with pytest.raises(ValidationError):
        Schedule(name="x", chain="retrain", cron=cron).full_clean()


def test_a_changed_schedule_does_not_make_up_for_what_lay_before(roles, schedule):
    answer = roles["administrator"].patch(f"/api/v1/schedules/{schedule.pk}", {"cron": "* * * * *"}, format="json")
    assert answer.status_code == 200, answer.content
    assert schedules.start_due(timezone.now()) == []


def test_schedules_over_rest(roles, schedule):
    chief = roles["administrator"]
    made = chief.post(
        "/api/v1/schedules",
        {"name": "Weekly", "chain": "retrain", "cron": "0 6 * * 1", "if_missed": "skip"},
        format="json",
    )
    assert (made.status_code, made.json()["enabled"]) == (201, True)
    assert (
        dt.datetime.fromisoformat(made.json()["next_due"])
        .astimezone(schedules.timezone.get_current_timezone())
        .weekday()
        == 0
    )
    wrong = chief.post("/api/v1/schedules", {"name": "Odd", "chain": "retrain", "cron": "soon"}, format="json")
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["cron"])
    unknown = chief.post(
        "/api/v1/schedules", {"name": "Odd", "steps": "x", "chain": "retrain", "cron": "0 6 * * 1"}, format="json"
    )
    assert unknown.status_code == 400
    started = chief.post(f"/api/v1/schedules/{made.json()['id']}/start")
    assert (started.status_code, started.json()["step"]) == (202, "train_model")
    assert chief.delete(f"/api/v1/schedules/{made.json()['id']}").status_code == 204
    assert DatasetRun.objects.get(pk=started.json()["id"]).schedule is None


def test_housekeeping_clears_what_has_expired(start, settings):
    from django.contrib.sessions.models import Session

    from pipeline.actions.housekeeping import batch_folder

    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - dt.timedelta(days=1))
    Session.objects.create(session_key="new", session_data="", expire_date=timezone.now() + dt.timedelta(days=1))
    batch_folder().mkdir(parents=True)
    old, new = batch_folder() / "old.csv", batch_folder() / "new.csv"
    for path in (old, new):
        path.write_text("x")
    import os

    os.utime(old, (0, 0))
    run = start("housekeeping")
    assert run.status == "succeeded", run.error_message
    assert (run.metrics["sessions_removed"], run.metrics["batch_files_removed"]) == (1, 1)
    assert (Session.objects.count(), old.exists(), new.exists()) == (1, False, True)


def test_the_signal_to_end_is_heard_while_the_timetable_is_looked_after(monkeypatch, queue_server):
    """It comes as an exception out of whatever is being done at that moment."""

    def interrupted():
        raise StopRequested

    monkeypatch.setattr(schedules, "start_due", interrupted)
    monkeypatch.setattr(upkeep, "look_after", interrupted)
    monkeypatch.setattr(connections, "close_all", lambda: None)  # the test's own is still wanted
    with Redis.from_url(queue_server) as server:
        with pytest.raises(StopRequested):
            schedules.Timekeeper(server).enqueue_jobs()
        with pytest.raises(StopRequested):
            StepWorker(["default"], connection=server)._look_after()

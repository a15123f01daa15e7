"""The life of a job: queued, executed, chained, cancelled, retried."""

import datetime as dt
import logging
import time

import pytest
from django.utils import timezone
from rq import SimpleWorker
from rq.timeouts import JobTimeoutException

from pipeline import queues, runs, steps, upkeep
from pipeline.core.errors import MissingInputError, QueueUnavailableError, SourceError, TimeLimitError
from pipeline.core.results import StepResult
from pipeline.models import DatasetRun, RunStatus, Trigger
from pipeline.worker import StepWorker, TimeLimit

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(django_capture_on_commit_callbacks):
    """Queue a run as the API does, and commit."""

    def _order(step="build_features", given=None, **more):
        with django_capture_on_commit_callbacks(execute=True):
            return runs.enqueue(step, given or {}, by_name="tester", trigger=Trigger.API, **more)

    return _order


@pytest.fixture
def work(django_capture_on_commit_callbacks):
    """Let a worker of this process do all that is queued."""

    def _work():
        found = [queues._queue(name) for name in queues.names()]
        SimpleWorker(found, connection=found[0].connection, serializer=found[0].serializer).work(burst=True)

    return _work


@pytest.fixture
def doing(monkeypatch):
    """Let steps do what a test wants: name of the step → function."""
    wanted = {}
    real = steps.Step.run

    def run(step, params, context):
        return wanted[step.name](context) if step.name in wanted else real(step, params, context)

    monkeypatch.setattr(steps.Step, "run", run)
    return wanted


def again(run):
    return DatasetRun.objects.get(pk=run.pk)


def test_a_run_is_handed_over_when_its_record_is_committed(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        run = runs.enqueue("build_features", by_name="tester", trigger=Trigger.API)
        assert (run.status, queues.known_job_ids()) == (RunStatus.QUEUED, set())
    assert queues.known_job_ids() == {run.job_id}


def test_a_worker_executes_it_and_the_record_tells(order, work):
    run = order()
    work()
    assert (again(run).status, again(run).error_code) == (RunStatus.FAILED, "missing_input")


def test_a_run_is_executed_once_however_often_it_is_handed_over(order, work, doing):
    done = []
    doing["build_features"] = lambda context: done.append(context.run_id) or StepResult()
    run = order()
    queues.put(run)
    work()
    runs.execute(run.pk)
    assert done == [run.pk]


def test_without_a_queue_nothing_is_recorded(settings):
    settings.RQ_QUEUES = {name: {"URL": "unix:///nowhere.sock"} for name in settings.RQ_QUEUES}
    with pytest.raises(QueueUnavailableError) as refused:
        runs.enqueue("build_features", by_name="tester", trigger=Trigger.API)
    assert refused.value.http_status == 503
    assert not DatasetRun.objects.exists()


def test_an_emptied_queue_is_filled_again_from_the_records(order, empty_queues):
    run = order()
    empty_queues.flushdb()
    upkeep.look_after()
    assert queues.known_job_ids() == {run.job_id}


def test_a_worker_is_known_again_where_the_queue_was_emptied(empty_queues):
    queue = queues._queue("default")
    worker = StepWorker([queue], connection=queue.connection)
    worker.register_birth()
    empty_queues.flushdb()
    worker.heartbeat()
    assert queues.state().workers == 1
    worker.register_death()
    assert queues.state().workers == 0


def test_a_queue_that_went_away_loses_nothing(order, settings, caplog):
    run = order()
    settings.RQ_QUEUES = {name: {"URL": "unix:///nowhere.sock"} for name in settings.RQ_QUEUES}
    upkeep.look_after()
    assert again(run).status == RunStatus.QUEUED


def test_a_chain_runs_in_order(order, work, doing):
    done = []
    for name in ("process_data", "build_features", "train_model"):
        doing[name] = lambda context, name=name: done.append(name) or StepResult()
    order("process_data", then=["build_features", "train_model"])
    for _ in range(3):
        work()
    assert done == ["process_data", "build_features", "train_model"]
    assert set(DatasetRun.objects.values_list("status", flat=True)) == {RunStatus.SUCCEEDED}


def test_a_chain_stops_at_the_first_failure(order, work):
    order("build_features", then=["train_model", "evaluate_model"])
    work()
    first, second, third = DatasetRun.objects.order_by("pk")
    assert (first.status, second.status, third.status) == (RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.CANCELLED)
    assert second.notes == [f"Not begun: run {first.pk} before it (build_features) failed."]
    assert queues.known_job_ids() == set()


def test_a_chain_with_a_wrong_step_records_nothing(order):
    from pipeline.core.errors import ParameterError

    with pytest.raises(ParameterError):
        order("build_features", then=["fly"])
    assert not DatasetRun.objects.exists()


def test_a_waiting_run_is_cancelled_and_never_executed(order, work, doing):
    doing["build_features"] = lambda context: pytest.fail("it was executed")
    run = order()
    assert runs.cancel(run, by_name="chief")
    work()
    assert (again(run).status, again(run).notes) == (RunStatus.CANCELLED, ["Cancelled by chief before it began."])


def test_a_running_run_ends_itself_when_that_is_asked(start, doing, monkeypatch):
    monkeypatch.setattr(runs, "PROGRESS_INTERVAL_SECONDS", 0)

    def act(context):
        assert runs.cancel(DatasetRun.objects.get(pk=context.run_id), by_name="chief")
        context.progress("working", 1, 2)
        pytest.fail("it went on")

    doing["build_features"] = act
    run = start("build_features")
    assert run.status == RunStatus.CANCELLED
    assert run.notes == ["Cancelled by chief; the last good output was left as it was."]


def test_a_running_run_tells_its_stage_and_its_log_at_once(start, doing, monkeypatch):
    monkeypatch.setattr(runs, "PROGRESS_INTERVAL_SECONDS", 600)
    seen = []

    def work(context):
        logging.getLogger("pipeline.actions").info("three files found")
        for stage, done in (("read", 1), ("read", 2), ("write", 1)):
            context.progress(stage, done, 2)
            seen.append(DatasetRun.objects.get(pk=context.run_id))
        return StepResult()

    doing["housekeeping"] = work
    start("housekeeping")
    # The same stage again is written once in a while.
    assert [(run.progress["stage"], run.progress["done"]) for run in seen] == [("read", 1), ("read", 1), ("write", 1)]
    assert "three files found" in seen[0].log_excerpt


def test_a_killed_run_keeps_the_log_that_it_had_written(order, doing):
    run = order()
    DatasetRun.objects.filter(pk=run.pk).update(
        status=RunStatus.RUNNING, started_at=timezone.now(), log_excerpt="as far as it came"
    )
    upkeep.close_dead_runs()
    assert (again(run).status, again(run).log_excerpt) == (RunStatus.CRASHED, "as far as it came")


def test_an_ended_run_cannot_be_cancelled(order, work):
    run = order()
    work()
    assert not runs.cancel(again(run), by_name="chief")


def test_a_dead_run_that_was_to_be_cancelled_is_cancelled(order):
    run = order()
    DatasetRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, cancel_requested_by="chief")
    assert upkeep.close_dead_runs() == [run]
    assert again(run).status == RunStatus.CANCELLED


def test_a_killed_run_is_crashed_and_stops_its_chain(order):
    run = order("build_features", then=["train_model"])
    DatasetRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING)
    upkeep.look_after()
    assert (again(run).status, again(run).error_code) == (RunStatus.CRASHED, "killed")
    assert DatasetRun.objects.get(step="train_model").status == RunStatus.CANCELLED


def test_retry_starts_the_step_again_with_the_same_parameters(order, work, django_capture_on_commit_callbacks):
    run = order("build_features", {"rows_from": "incident"})
    with pytest.raises(MissingInputError):
        runs.retry(run, by_name="chief", trigger=Trigger.ADMIN)
    work()
    with django_capture_on_commit_callbacks(execute=True):
        second = runs.retry(again(run), by_name="chief", trigger=Trigger.ADMIN)
    assert (second.retry_of, second.parameters, second.started_by_name) == (run, run.parameters, "chief")
    assert queues.known_job_ids() == {second.job_id}


def fail_with(code):
    def act(context):
        raise SourceError("The source is away.", code=code)

    return act


def test_a_fault_of_the_download_is_tried_again_later_and_the_chain_waits_for_it(order, work, doing, settings):
    settings.LFB_DOWNLOAD_BACKOFF_SECONDS, settings.LFB_DOWNLOAD_ATTEMPTS = 60, 3
    doing["process_data"] = fail_with("source_timeout")
    first = order("process_data", then=["build_features"])
    work()
    second = DatasetRun.objects.get(retry_of=first)
    follower = DatasetRun.objects.get(step="build_features")
    assert (second.attempt, second.status, follower.status, follower.follows) == (2, "queued", "queued", second)
    assert second.not_before - timezone.now() > dt.timedelta(seconds=50)
    upkeep.look_after()
    assert queues.known_job_ids() == set()
    for attempt in (2, 3):
        DatasetRun.objects.filter(attempt=attempt).update(not_before=timezone.now())
        upkeep.look_after()
        work()
    third = DatasetRun.objects.get(attempt=3)
    assert (third.status, third.retry_of) == (RunStatus.FAILED, second)
    assert again(follower).status == RunStatus.CANCELLED


@pytest.mark.parametrize("code", ["source_not_found", "source_forbidden", "source_not_a_file"])
def test_other_faults_are_not_tried_again(order, work, doing, code):
    doing["process_data"] = fail_with(code)
    order("process_data")
    work()
    assert DatasetRun.objects.count() == 1


def test_a_step_that_takes_too_long_fails_and_says_so(order, work, doing):
    def act(context):
        raise TimeLimitError("The step was ended: it took longer than the 1 h it may.")

    doing["build_features"] = act
    run = order()
    work()
    assert (again(run).status, again(run).error_code) == (RunStatus.FAILED, "time_limit")


def test_the_alarm_of_the_queue_becomes_that_error():
    with pytest.raises(TimeLimitError, match="longer than"), TimeLimit(1, JobTimeoutException):
        time.sleep(10)


def test_queued_work_waits_for_the_output_another_run_writes(order, work, doing):
    """The same lock is free again here; a command would be refused while it is held."""
    from pipeline.storage import locks

    doing["build_features"] = lambda context: StepResult()
    run = order()
    with locks.held(upkeep.lock_folder(), "step-features"):
        refused = runs.start("build_features", {}, by_name="tester", trigger=Trigger.COMMAND)
    assert refused.error_code == "step_busy"
    work()
    assert again(run).status == RunStatus.SUCCEEDED


def test_the_state_of_the_queues(order, settings):
    order()
    state = queues.state()
    assert (state.connected, state.waiting, state.by_queue["ingest"], state.workers) == (True, 1, 1, 0)
    settings.RQ_QUEUES = {name: {"URL": "unix:///nowhere.sock"} for name in settings.RQ_QUEUES}
    assert queues.state() == queues.QueueState(connected=False)

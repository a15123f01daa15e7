"""A whole site as its users run it: started by one command, killed piece by piece, nothing lost and nothing left behind.

LFB_TEST_JOBS sets how many queued jobs must survive the kills (default 60: the suite stays quick; releases try 1,000).
"""

import json
import os
import signal
import socket
import urllib.request

import pytest
from redis import Redis
from rq.cron import CronScheduler

from lfb_site import environment
from pipeline.storage import broker
from tests.integration.site import Site, children, command_line, descendants, is_alive, kill, wait_for
from tests.services import free_port

JOBS = int(os.environ.get("LFB_TEST_JOBS", "60"))
ENDED = {"succeeded", "failed", "crashed", "cancelled"}

ORDER = """
from pipeline import runs
from pipeline.models import Trigger
for number in range({count}):
    runs.enqueue({step!r}, {given!r}, by_name="tester", trigger=Trigger.API)
"""


@pytest.fixture
def site(tmp_path):
    with Site(tmp_path, LFB_WORKERS="2") as site:
        yield site


@pytest.fixture
def port():
    return free_port()


def health(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)
    except OSError:
        return None


def program(supervisor, words):
    """The pid of the supervised program with these words in its command line."""
    return next((pid for pid in children(supervisor.pid) if words in command_line(pid)), None)


def test_one_command_starts_everything_and_ctrl_c_ends_it(site, port):
    supervisor = site.start("run_site", "--port", str(port))
    assert wait_for(lambda: health(port))["missing"] == ["no model version is in use: train one"]
    everything = descendants(supervisor.pid)
    assert len([pid for pid in everything if "run_worker" in command_line(pid)]) == 2
    second = site.start("run_site", "--port", str(port))
    assert (second.wait(30), "runs already" in site.logs()) == (1, True)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(60) == 0, site.logs()
    assert [pid for pid in everything if is_alive(pid)] == []


def test_nothing_is_left_behind_when_the_supervisor_is_killed(site, port):
    supervisor = site.start("run_site", "--port", str(port))
    wait_for(lambda: health(port))
    everything = descendants(supervisor.pid)
    assert len(everything) >= 6
    kill(supervisor.pid)
    supervisor.wait()
    wait_for(
        lambda: not any(is_alive(pid) for pid in everything), 40, what=str([command_line(pid) for pid in everything])
    )


def test_what_cannot_be_kept_alive_ends_it_all_with_an_explanation(tmp_path, port):
    with Site(tmp_path, WEB_CONCURRENCY="many") as site:
        supervisor = site.start("run_site", "--port", str(port))
        assert supervisor.wait(120) == 1
        assert "web died 5 times within a minute" in site.logs()


def test_a_port_that_is_taken_is_named_before_anything_starts(site):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        supervisor = site.start("run_site", "--port", number)
        assert supervisor.wait(60) == 1
    assert f"cannot listen on port {number} of 127.0.0.1: Address already in use" in site.logs()
    assert not (site.folder / "data" / "broker").exists()
    refused = site.start("run_site", "--port", "99999")
    assert (refused.wait(60), "port must be 0-65535" in site.logs()) == (1, True), site.logs()


def test_queued_jobs_survive_the_death_of_worker_web_and_queue(site, port):
    """None lost, none executed twice to completion, every record true."""
    supervisor = site.start("run_site", "--port", str(port))
    wait_for(lambda: health(port))
    site.python(ORDER.format(count=JOBS, step="housekeeping", given={}))
    victims = ["run_worker", "gunicorn", "valkey-server", "run_scheduler", "run_worker"]
    for number, words in enumerate(victims, start=1):
        wanted = JOBS * number // (len(victims) + 2)
        wait_for(lambda wanted=wanted: sum(status in ENDED for status in site.statuses()) >= wanted, 120 + JOBS)
        kill(wait_for(lambda words=words: program(supervisor, words)))
    wait_for(lambda: set(site.statuses()) <= ENDED, 180 + JOBS, what=f"{site.statuses()} {site.logs()}")
    assert len(site.statuses()) == JOBS
    # Only what was under way when its worker was killed may have crashed; it says so and was not begun again.
    crashed = site.rows("select error_code, attempt from pipeline_datasetrun where status = 'crashed'")
    assert len(crashed) <= victims.count("run_worker") + victims.count("valkey-server")
    assert set(crashed) <= {("killed", 1)}
    assert set(site.statuses()) <= {"succeeded", "crashed"}
    assert site.rows("select count(*) from pipeline_datasetrun where started_at is null or finished_at is null") == [
        (0,)
    ]
    assert wait_for(lambda: health(port))


def test_a_killed_workers_run_is_soon_crashed_and_a_running_one_is_cancelled(site, port):
    supervisor = site.start("run_site", "--port", str(port))
    wait_for(lambda: health(port))
    long_one = {"incidents": 3_000_000, "years": (2023,)}
    site.python(ORDER.format(count=1, step="make_sample_data", given=long_one))
    wait_for(lambda: site.statuses() == ["running"])
    worker = next(pid for pid in children(supervisor.pid) if "run_worker" in command_line(pid) and children(pid))
    horse = children(worker)
    kill(worker)
    wait_for(lambda: site.statuses() == ["crashed"], 90)
    assert not any(is_alive(pid) for pid in horse)
    site.python(ORDER.format(count=1, step="make_sample_data", given=long_one))
    wait_for(lambda: site.statuses() == ["crashed", "running"])
    site.python(
        "from pipeline import runs; from pipeline.models import DatasetRun;"
        "assert runs.cancel(DatasetRun.objects.latest('pk'), by_name='chief')"
    )
    wait_for(lambda: site.statuses() == ["crashed", "cancelled"], 30)
    assert site.rows("select notes from pipeline_datasetrun order by id desc limit 1")[0][0].startswith(
        '["Cancelled by chief'
    )


def test_a_burst_worker_and_a_scheduler_work_apart_from_the_rest(site):
    """The roles of a container each: `run_worker`, `run_scheduler` against a queue that runs elsewhere."""
    url, _ = environment.broker("LFB_NO_SUCH_NAME", site.folder / "data" / "broker")
    site.launch(broker.server_command(url, site.folder / "data" / "broker"))
    broker.await_ready(url, 60)
    site.python(ORDER.format(count=2, step="housekeeping", given={}))
    assert site.statuses() == ["queued", "queued"]
    site.run("run_worker", "--burst")
    assert site.statuses() == ["succeeded", "succeeded"]
    site.python(
        "from pipeline.models import Schedule; Schedule.objects.filter(chain='housekeeping').update(cron='* * * * *', handled_until='2026-01-01T00:00Z', if_missed='start_once')"
    )
    first, second = site.start("run_scheduler"), site.start("run_scheduler")
    wait_for(lambda: len(site.statuses()) == 4, what="the scheduler started nothing")
    for scheduler in (first, second):
        scheduler.terminate()
        assert scheduler.wait(30) in (0, -signal.SIGTERM), site.logs()  # the second may not have begun yet
    assert site.statuses().count("queued") in (2, 4)  # a chain of two; a minute may have turned


def test_the_timetable_goes_on_while_the_queue_is_away(site):
    folder = site.folder / "data" / "broker"
    url, _ = environment.broker("LFB_NO_SUCH_NAME", folder)
    queue = site.launch(broker.server_command(url, folder))
    broker.await_ready(url, 60)
    scheduler = site.start("run_scheduler")
    with Redis.from_url(url) as known:
        wait_for(lambda: CronScheduler.all(known))
    kill(queue.pid)
    log = site.folder / "logs" / "api.log"
    wait_for(lambda: log.exists() and "the timetable goes on" in log.read_text())
    site.python(
        "from pipeline.models import Schedule; Schedule.objects.filter(chain='housekeeping').update(cron='* * * * *', handled_until='2026-01-01T00:00Z', if_missed='start_once')"
    )
    wait_for(lambda: "queued" in site.statuses(), what="nothing was recorded")
    site.launch(broker.server_command(url, folder))
    broker.await_ready(url, 60)
    assert scheduler.poll() is None
    site.run("run_worker", "--burst")
    wait_for(lambda: "succeeded" in site.statuses(), what="what was recorded was not handed over")


@pytest.mark.parametrize("command", ["run_worker", "run_scheduler"])
def test_without_a_queue_the_commands_say_so(site, command):
    process = site.start(command)
    assert process.wait(60) == 1
    assert "The job queue does not answer" in site.logs()


def test_a_worker_refuses_a_queue_that_does_not_exist(site):
    process = site.start("run_worker", "nosuch")
    assert process.wait(60) == 1
    assert "There is no queue nosuch: wanted some of default, ingest, train." in site.logs()

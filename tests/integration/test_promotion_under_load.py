"""Promotion and roll-back on a running site: every web worker follows, no request fails, no answer mixes two versions."""

import http.client
import json
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.site import Site, wait_for
from tests.services import free_port

pytestmark = pytest.mark.slow

QUESTION = "/predict?distance=5.2&station=Acton"
USERS = """
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from lfb_site.models import AccessToken
for name, group in (("planner", "standard users"), ("chief", "administrators")):
    user = get_user_model().objects.create_user(name)
    user.groups.add(Group.objects.get(name=group))
    print("key", AccessToken.make(user, "test")[1])
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Two versions: boosted in use, linear as challenger; gunicorn with two workers, and a key of each kind of user."""
    folder = tmp_path_factory.mktemp("site")
    files = {
        f"LFB_{dataset.upper()}_SOURCES": str(folder / "data" / "sample" / f"{dataset}_sample.csv")
        for dataset in ("incident", "mobilisation")
    }
    more = {"LFB_REQUESTS_PER_USER": "10000000", "LFB_REQUESTS_PER_ADDRESS": "10000000", "LFB_REFRESH_SECONDS": "0.5"}
    with Site(folder, **files, **more) as site:
        site.run("make_sample_data", "--incidents", "3000", "--years", "2023")
        for words in (["process_data"], ["build_features"], ["train_model"], ["train_model", "--estimator", "linear"]):
            site.run(*words)
        site.keys = [line.split()[1] for line in site.python(USERS).splitlines() if line.startswith("key ")]
        site.port = free_port()
        gunicorn = str(Path(sys.executable).with_name("gunicorn"))
        config = ["--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{site.port}", "--workers", "2"]
        with (folder / "web.log").open("w") as log:
            site.launch([gunicorn, *config, "lfb_site.wsgi"], stdout=log, stderr=log)
        wait_for(lambda: is_up(site.port), 120, what="the web server did not start")
        yield site


def is_up(port):
    try:
        return call(port, "GET", "/health", "")[0] == 200
    except OSError:
        return False


def call(port, method, path, key):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        return call_on(connection, method, path, key)


def call_on(connection, method, path, key):
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"} if key else {}
    connection.request(method, path, body="{}" if method == "POST" else None, headers=headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


class Load:
    """Planners who ask again and again, each on a connection of its own; what they were answered."""

    def __init__(self, site, planners=4):
        self.site, self.stop = site, threading.Event()
        self.answers, self.faults = [], []
        self.threads = [threading.Thread(target=self.ask) for _ in range(planners)]

    def ask(self):
        while not self.stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=60)
            for _ in range(20):
                try:
                    status, answer = call_on(connection, "GET", QUESTION, self.site.keys[0])
                except (OSError, http.client.HTTPException, ValueError) as error:
                    self.faults.append(repr(error))
                    break
                if status != 200:
                    self.faults.append(answer)
                else:
                    self.answers.append((answer["version"], answer["predicted_attendance_time"]))
            connection.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def saw_only(self, number, answers=200):
        """Whether all of the last answers, from both workers, came from one version."""
        return len(self.answers) > answers and {version for version, _ in self.answers[-answers:]} == {number}


def test_every_worker_follows_without_a_failed_request_or_a_mixed_answer(site):
    with Load(site) as load:
        wait_for(lambda: load.saw_only(1), 120)
        status, promoted = call(site.port, "POST", "/api/v1/model-versions/2/promote", site.keys[1])
        assert (status, promoted["state"]) == (200, "champion")
        wait_for(lambda: load.saw_only(2), 120, what="a worker still serves the version before")
        status, back = call(site.port, "POST", "/api/v1/model-versions/roll-back", site.keys[1])
        assert (status, back["number"]) == (200, 1)
        wait_for(lambda: load.saw_only(1), 120, what="a worker still serves the version rolled back")
    assert load.faults == []
    seconds = {number: {time for version, time in load.answers if version == number} for number in (1, 2)}
    assert [len(times) for times in seconds.values()] == [1, 1], "one version, one answer"
    assert seconds[1] != seconds[2]
    history = site.rows(
        "select v.number, p.by_name from pipeline_promotion p join pipeline_modelversion v on v.id = p.version_id order by p.id"
    )
    assert history == [(1, "training"), (2, "chief"), (1, "chief")]


def test_several_processes_track_in_a_fresh_store_at_once(site):
    site.environment |= {"MLFLOW_ENABLED": "1", "MLFLOW_TIMEOUT_SECONDS": "600"}
    together = [site.start("track_models") for _ in range(3)]
    assert [process.wait(600) for process in together] == [0, 0, 0], site.logs()
    assert sorted(site.rows("select number, mlflow_version from pipeline_modelversion")) == [(1, 1), (2, 2)]

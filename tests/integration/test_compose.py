"""The containers: what Compose makes of the file, and our roles at work with a real PostgreSQL, Valkey or Redis, and Caddy."""

import hashlib
import re
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests import containers, services
from tests.containers import ROOT, Machine

EXAMPLE = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
SECRETS = {name: f"{name.lower().replace('_', '')}0123456789abcdef" * 2 for name in containers.SECRETS}
SETTINGS = EXAMPLE | SECRETS
# Nobody answers there, and so the first model comes from a sample, and a small one.
SMALL = {
    "LFB_INCIDENT_SOURCES": "http://127.0.0.1:9/incidents.csv",
    "LFB_MOBILISATION_SOURCES": "http://127.0.0.1:9/mobilisations.csv",
    "LFB_SAMPLE_INCIDENTS": "3000",
    "OMP_NUM_THREADS": "1",
    "WEB_CONCURRENCY": "1",
}
OURS = ("web", "worker", "scheduler", "setup", "first-run", "mlflow")
CHIEF = ("chief", "correct-horse-battery")


@pytest.fixture(scope="module")
def roles():
    return containers.configuration(SETTINGS)["services"]


def test_every_promised_service_is_there(roles):
    promised = {
        "web",
        "worker",
        "scheduler",
        "setup",
        "postgres",
        "valkey",
        "mlflow",
        "pushgateway",
        "prometheus",
        "grafana",
    }
    assert promised <= set(roles)


def test_only_the_proxy_publishes_a_port(roles):
    assert {name: len(role["ports"]) for name, role in roles.items() if role.get("ports")} == {"proxy": 1}


def test_web_and_workers_can_be_multiplied(roles):
    """A name or a port of its own would forbid a second container of a service."""
    for name in ("web", "worker"):
        assert not {"container_name", "ports", "hostname"} & set(roles[name])


def test_every_image_has_a_fixed_version(roles):
    images = {role["image"] for name, role in roles.items() if name not in OURS}
    assert [image for image in images if not re.search(r":v?\d+\.\d+\.?\d*(-\w+)?$", image)] == []


def test_one_image_serves_every_role_of_ours_without_rights(roles):
    assert len({roles[name]["image"] for name in OURS}) == 1
    for name in OURS:
        assert roles[name]["read_only"]
        assert roles[name]["cap_drop"] == ["ALL"]
        assert not roles[name].get("privileged")


def test_no_container_gains_rights_or_fills_the_disk_with_its_console(roles):
    for role in roles.values():
        assert role["security_opt"] == ["no-new-privileges:true"]
        assert set(role["logging"]["options"]) == {"max-size", "max-file"}


def test_what_is_under_way_may_end_before_a_container_is_killed(roles):
    """Docker kills after ten seconds where nothing else is said."""
    told = (ROOT / "deploy/gunicorn.conf.py").read_text()
    requests_may_take = int(re.search(r"^graceful_timeout = (\d+)$", told, flags=re.MULTILINE)[1])
    assert seconds(roles["web"]["stop_grace_period"]) > requests_may_take
    assert seconds(roles["worker"]["stop_grace_period"]) >= 60
    assert seconds(roles["postgres"]["stop_grace_period"]) >= 60


def seconds(duration):
    """What Compose calls `1m30s`."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([hms])", duration))


def test_every_setting_of_the_site_can_be_made_in_the_containers(roles):
    """It is set by the compose file or the image, or taken from `.env`; but for what makes no sense there."""
    table = re.findall(r"^\| (`[A-Z_`, ()a-z]+`) \|", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    settings = {name for cell in table for name in re.findall(r"`([A-Z][A-Z_]+)`", cell)}
    settings -= {"USE_MLFLOW", "LFB_REFERENCE_DIR", "LFB_WORKERS", "DJANGO_DEBUG", "DJANGO_STATIC_ROOT"}
    assert len(settings) > 40
    assert settings - set(roles["worker"]["environment"]) - set(containers.settings_of_the_image()) == set()


def test_roles_start_after_what_they_need(roles):
    for name in ("web", "worker", "scheduler", "first-run"):
        waits_for = {other: found["condition"] for other, found in roles[name]["depends_on"].items()}
        assert waits_for == {
            "setup": "service_completed_successfully",
            "postgres": "service_healthy",
            "valkey": "service_healthy",
        }
    assert roles["proxy"]["depends_on"]["web"]["condition"] == "service_healthy"


def test_the_proxy_cannot_reach_the_databases(roles):
    assert not set(roles["proxy"]["networks"]) & set(roles["postgres"]["networks"])


def test_files_from_the_project_that_are_mounted_are_there(roles):
    binds = [
        volume["source"] for role in roles.values() for volume in role.get("volumes", ()) if volume["type"] == "bind"
    ]
    assert [source for source in binds if not Path(source).exists()] == []


@pytest.mark.parametrize("secret", containers.SECRETS)
def test_a_missing_secret_stops_the_start_by_name(secret):
    with pytest.raises(containers.ComposeError, match=f"required variable {secret} is missing"):
        containers.configuration({name: value for name, value in SETTINGS.items() if name != secret})


def test_the_example_names_every_secret_and_holds_none():
    assert {name: EXAMPLE[name] for name in containers.SECRETS} == dict.fromkeys(containers.SECRETS, "")
    text = (ROOT / "docker-compose.yml").read_text()
    assert [name for name in EXAMPLE if not re.search(rf"\$\{{{name}\b|^ +{name}:$", text, flags=re.MULTILINE)] == []


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path):
    for name in ("Makefile", ".env.example"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    contents = []
    for _ in range(2):
        subprocess.run(["make", "--silent", ".env"], cwd=tmp_path, check=True)
        contents.append((tmp_path / ".env").read_text())
    assert contents[0] == contents[1]
    made = dict(re.findall(r"^(\w+)=(.*)$", contents[0], flags=re.MULTILINE))
    assert {name: made[name] for name in EXAMPLE if name not in SECRETS} == {
        n: v for n, v in EXAMPLE.items() if n not in SECRETS
    }
    assert len({made[name] for name in SECRETS if re.fullmatch("[0-9a-f]{64}", made[name])}) == len(SECRETS)
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


def test_the_workflow_tests_on_the_servers_that_are_shipped(roles):
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    assert set(re.findall(r" image: (\S+)", workflow)) == {roles["postgres"]["image"], roles["valkey"]["image"]}


# What follows runs.


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """The system after its set-up and its first model, made by the roles themselves."""
    folder = tmp_path_factory.mktemp("containers")
    with ExitStack() as running:
        try:
            database = urlsplit(running.enter_context(services.postgresql()))
            broker = urlsplit(running.enter_context(services.redis(SECRETS["VALKEY_PASSWORD"])))
        except services.ServiceError as missing:
            pytest.skip(str(missing))
        roles = containers.configuration(SETTINGS | SMALL | {"POSTGRES_PASSWORD": database.password})["services"]
        mlflow = services.free_port()
        stands_for = {
            "postgres:5432": f"127.0.0.1:{database.port}",
            "valkey:6379": f"127.0.0.1:{broker.port}",
            **{
                f"{before}9092": f"{before.replace('mlflow', '127.0.0.1')}{mlflow}"
                for before in ("mlflow:", "localhost:", "--port=")
            },
            "localhost:8000": f"localhost:{services.free_port()}",
            "pushgateway:9091": f"127.0.0.1:{services.free_port()}",
            "/var/lib/lfb": str(folder / "volumes"),
            "172.16.0.0/12": "127.0.0.0/8",
            "0.0.0.0": "127.0.0.1",
        }
        for name in ("data", "models", "logs", "mlflow"):
            (folder / "volumes" / name).mkdir(parents=True)
        machine = Machine(roles, containers.files_of_the_image(folder / "app"), folder, stands_for)
        machine.run("web", "python", "manage.py", "collectstatic", "--noinput", "--verbosity=0")  # as the build does
        whole = contents(machine.image)
        machine.run("setup")
        machine.run("first-run")
        machine.run(
            "web", "python", "manage.py", "createsuperuser", "--noinput", "--username=chief", "--email=chief@example.org",
            DJANGO_SUPERUSER_PASSWORD=CHIEF[1],
        )  # fmt: skip
        yield machine
        assert contents(machine.image) == whole  # whatever a role writes, it writes to a volume


def contents(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def web(machine):
    """Two replicas of the web role; their ports."""
    ports = [machine.here("localhost:8000").split(":")[1], str(services.free_port())]
    with machine.up("web", PORT=ports[0]), machine.up("web", PORT=ports[1]):
        for port in ports:
            wait_for(lambda port=port: ask(port, "/health").status_code == 200)
        yield ports


def ask(port, path, method="get", **given):
    """As the proxy asks: by the site's name, and saying that the client came by HTTPS."""
    headers = {"Host": "localhost", "X-Forwarded-Proto": "https"}
    try:
        return requests.request(method, f"http://127.0.0.1:{port}{path}", headers=headers, timeout=60, **given)
    except requests.ConnectionError:
        return requests.Response()


def wait_for(is_so, seconds=180):
    for _ in range(seconds * 10):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError(f"not so within {seconds} s")


def test_a_second_set_up_changes_nothing(machine):
    assert "No migrations to apply" in machine.run("setup")
    assert "is in use: nothing to do" in machine.run("first-run")


def test_the_settings_of_the_containers_pass_the_deployment_check(machine):
    machine.run("web", "python", "manage.py", "check", "--deploy", "--fail-level=WARNING", "--database=default")


def test_replicas_answer_alike_and_call_themselves_alive(machine, web):
    answers = [ask(port, "/predict?distance=5.2&station=Acton", auth=CHIEF) for port in web]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["is_sample"] is True
    machine.check_health("web")


def test_a_role_that_does_not_answer_is_not_called_alive(machine):
    with pytest.raises(AssertionError, match="refused"):
        machine.check_health("mlflow")


def test_prometheus_reads_each_replica_by_its_address(web):
    """As Docker's DNS gives it: no name of the site, and plain HTTP."""
    for port in web:
        answer = requests.get(f"http://127.0.0.1:{port}/metrics", headers={"Host": f"172.18.0.5:{port}"}, timeout=10)
        assert answer.status_code == 200


def test_plain_http_is_sent_to_https(web):
    answer = requests.get(f"http://localhost:{web[0]}/", allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"][:18]) == (301, "https://localhost:")


def test_static_files_of_the_build_are_served(web):
    page = ask(web[0], "/login").text
    links = re.findall(r'"(/static/[^"]+\.css)"', page)
    assert links
    for link in links:
        assert ask(web[0], link).headers["Cache-Control"].endswith("immutable")


def test_the_proxy_serves_the_site_by_https_on_its_one_port(machine, web, tmp_path):
    caddy = shutil.which("caddy")
    if caddy is None:
        pytest.skip("Caddy is not installed")
    port = str(services.free_port())
    settings = {
        "PATH": machine.settings("web")["PATH"],
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "LFB_PROXY_PORT": port,
        "LFB_WEB_HOST": "localhost",
        "LFB_WEB_PORT": web[0],
    }
    command = [caddy, "run", "--config", str(ROOT / "deploy/proxy/Caddyfile"), "--adapter", "caddyfile"]
    root = tmp_path / "caddy/pki/authorities/local/root.crt"
    with services.served(command, int(port), tmp_path / "log", env=settings | machine.roles["proxy"]["environment"]):
        wait_for(root.exists)
        site = requests.Session()
        site.verify, site.trust_env = str(root), False
        answer = site.get(f"https://localhost:{port}/predict?distance=5.2&station=Acton", auth=CHIEF, timeout=30)
        assert answer.json()["predicted_attendance_time"] > 0
        assert answer.headers["Strict-Transport-Security"]
        assert site.get(f"https://localhost:{port}/metrics", timeout=10).status_code == 404
        # The login form is sent back from the address that the browser knows.
        page = site.get(f"https://localhost:{port}/login", timeout=10).text
        sent = {
            "username": CHIEF[0],
            "password": CHIEF[1],
            "csrfmiddlewaretoken": re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1],
        }
        headers = {"Origin": f"https://localhost:{port}", "Referer": f"https://localhost:{port}/login"}
        assert site.post(f"https://localhost:{port}/login", data=sent, headers=headers, timeout=10).status_code == 200
        assert "sessionid" in site.cookies


def test_workers_take_up_what_the_site_has_queued(machine, web):
    run = ask(web[0], "/build_features", auth=CHIEF).json()["run"]
    assert state_of(web[1], run) == "queued"
    # Containers have addresses of their own, these two workers do not.
    ports = [{"LFB_WORKER_METRICS": f"127.0.0.1:{services.free_port()}"} for _ in range(2)]
    with machine.up("worker", **ports[0]), machine.up("worker", **ports[1]), machine.up("scheduler"):
        wait_for(lambda: state_of(web[1], run) not in ("queued", "running"))
        assert state_of(web[1], run) == "succeeded"
        for role in ("worker", "scheduler"):
            machine.check_health(role)
        for port in ports:
            address = port["LFB_WORKER_METRICS"]
            assert "lfb_" in requests.get(f"http://{address}/metrics", timeout=10).text
    for role in ("worker", "scheduler"):
        with pytest.raises(AssertionError, match=f"No {role} of this container was heard of"):
            machine.check_health(role)


def state_of(port, run):
    return ask(port, f"/api/v1/runs/{run}", auth=CHIEF).json()["status"]


def test_the_mlflow_role_keeps_runs_and_files(machine):
    """What the web and worker roles are told of it leads to it, and its own check calls it alive."""
    address = machine.settings("worker")["MLFLOW_TRACKING_URI"]
    code = (
        "import mlflow; mlflow.set_experiment('check'); run = mlflow.start_run(); mlflow.log_metric('mae', 1.5);"
        "mlflow.log_text('hello', 'note.txt'); mlflow.end_run();"
        "print(mlflow.artifacts.load_text(f'runs:/{run.info.run_id}/note.txt'))"
    )
    with machine.up("mlflow"):
        wait_for(lambda: ask(urlsplit(address).port, "/health").status_code == 200)
        assert "hello" in machine.run("worker", "python", "-c", code)
        machine.check_health("mlflow")
    assert list((machine.folder / "volumes" / "mlflow" / "artifacts").rglob("note.txt"))

"""Metrics as they arrive: pushed by runs, scraped from web processes and workers, by the real servers."""

import contextlib
import os
import signal
import socket
import sys
import threading

import pytest
import requests

from lfb_site.observability import push
from tests.contract.metric_names import GAUGES, LOG_COUNTERS
from tests.integration.prometheus_servers import answers, fetch, free_port, prometheus, pushed, pushgateway
from tests.integration.site import Site, children, wait_for

pytestmark = pytest.mark.slow

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: web
    static_configs: [{{targets: ["127.0.0.1:{web}"]}}]
  - job_name: workers
    static_configs: [{{targets: ["127.0.0.1:{worker}"]}}]
  - job_name: pushgateway
    honor_labels: true
    static_configs: [{{targets: ["{gateway}"]}}]
"""


@contextlib.contextmanager
def web(site, port, workers=2):
    """The site's web server; the process comes back."""
    command = [
        sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}",
        "--workers", str(workers), "lfb_site.wsgi",
    ]  # fmt: skip
    server = site.launch(command)
    wait_for(lambda: answers(f"http://127.0.0.1:{port}/login"), what="the web server does not answer")
    yield server


def series(port):
    """Every series of /metrics: name with labels → value."""
    lines = fetch(f"http://127.0.0.1:{port}/metrics").splitlines()
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
    }


def test_every_promised_metric_arrives_at_a_real_prometheus(tmp_path, queue_server):
    port, worker_port = free_port(), free_port()
    with pushgateway(tmp_path) as gateway:
        settings = {
            "PUSHGATEWAY_ENABLED": "1", "PUSHGATEWAY_URL": gateway, "LFB_SAMPLE_INCIDENTS": "3000",
            "LFB_LIVE_DATA_TIMEOUT": "0", "REDIS_URL": queue_server,
        }  # fmt: skip
        targets = CONFIG.format(web=port, worker=worker_port, gateway=gateway.removeprefix("http://"))
        with Site(tmp_path, **settings) as site, prometheus(tmp_path, targets) as server:
            site.run("first_run")
            site.run("predict", "--distance", "5.2", "--station", "Acton")
            site.environment |= {
                "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "counts"),
                "LFB_WORKER_METRICS": f"127.0.0.1:{worker_port}",
            }
            site.start("run_worker")
            del site.environment["PROMETHEUS_MULTIPROC_DIR"]
            with web(site, port):
                missing = GAUGES | LOG_COUNTERS
                wait_for(lambda: not missing - server.names(), 90, what="did not arrive")
                assert server.value('mae_train_model{job="train_model"}') > 0
                assert server.value('record_saved_incident_data_preprocessing{job="data_preprocessing"}') == 3000
                assert wait_for(lambda: server.value('lfb_model_version{job="web"}')) == 1
                assert server.value('lfb_run_last_success{job="web", step="train_model"}') == 1
                assert wait_for(lambda: server.value('lfb_workers{job="web"}')) == 1
                assert wait_for(lambda: server.value('up{job="workers"}')) == 1


def test_web_workers_count_together_and_lose_nothing_with_a_dead_one(tmp_path, queue_server):
    port = free_port()
    seen = 'django_http_responses_total_by_status_view_method_total{method="GET",status="200",view="login"}'
    with Site(tmp_path, REDIS_URL=queue_server, TMPDIR=str(tmp_path)) as site, web(site, port) as server:
        before = series(port)[seen]
        for _ in range(40):
            fetch(f"http://127.0.0.1:{port}/login")
        assert {series(port)[seen] for _ in range(8)} == {before + 40}
        killed = children(server.pid)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        wait_for(
            lambda: len(set(children(server.pid)) - set(killed)) == 2 and answers(f"http://127.0.0.1:{port}/login")
        )
        later = series(port)[seen]
        assert later > before + 40
        assert requests.request("MADEUP", f"http://127.0.0.1:{port}/login", timeout=10).status_code == 403
        assert not [name for name in series(port) if "MADEUP" in name]
        (folder,) = tmp_path.glob("lfb-metrics-*")
        roles = {file.name.rpartition("_")[2] for file in folder.iterdir()}
        assert roles == {"web-0.db", "web-1.db"}
        server.terminate()
        server.wait(30)
        assert not folder.exists()


@pytest.fixture
def gateway(tmp_path, settings):
    with pushgateway(tmp_path) as address:
        settings.PUSHGATEWAY_ENABLED, settings.PUSHGATEWAY_URL = True, address
        yield address


def test_runs_replace_their_figures_and_pile_nothing_up(gateway, sample_sources, start):
    sample_sources(1_000)
    start("process_data")
    first = pushed(gateway)["data_preprocessing"]
    assert (first["success_incident_data_preprocessing"], first["record_saved_incident_data_preprocessing"]) == (
        1,
        1000,
    )
    start("process_data", datasets=("incident",), incident_sources=("/no/such.csv",))
    start("process_data", datasets=("incident",), incident_sources=("/no/such.csv",))
    groups = pushed(gateway)
    assert set(groups) == {"data_preprocessing"}
    after = groups["data_preprocessing"]
    assert (after["success_incident_data_preprocessing"], after["success_mobilisation_data_preprocessing"]) == (0, 1)
    assert set(after) - set(first) <= {"error_logs_data_preprocessing", "error_logs_data_preprocessing_total"}


def test_nothing_is_sent_where_the_gateway_is_switched_off(gateway, settings, sample_sources):
    settings.PUSHGATEWAY_ENABLED = False
    sample_sources(1_000)
    assert pushed(gateway) == {}


def test_a_login_in_the_address_is_sent_as_one_and_never_logged(settings, sample_sources, caplog):
    heard = []
    with listener(lambda connection: heard.append(connection.recv(65_536).decode())) as port:
        settings.PUSHGATEWAY_ENABLED, settings.PUSHGATEWAY_URL = True, f"http://me:hunter2@127.0.0.1:{port}"
        assert sample_sources(1_000).status == "succeeded"
    assert "Authorization: Basic bWU6aHVudGVyMg==" in heard[0]
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("fate", ["unreachable", "silent", "confused"])
def test_a_gateway_that_does_not_do_its_work_costs_one_warning(settings, sample_sources, caplog, monkeypatch, fate):
    monkeypatch.setattr(push, "PUSH_SECONDS", 0.2)
    held = []
    behaviour = {
        "silent": held.append,
        "confused": lambda connection: connection.sendall(b"HTTP/1.1 500 Sorry\r\nContent-Length: 0\r\n\r\n"),
    }
    with contextlib.ExitStack() as stack:
        port = free_port() if fate == "unreachable" else stack.enter_context(listener(behaviour[fate]))
        settings.PUSHGATEWAY_ENABLED, settings.PUSHGATEWAY_URL = True, f"http://127.0.0.1:{port}"
        run = sample_sources(1_000)
    for connection in held:
        connection.close()
    assert (run.status, run.error_code) == ("succeeded", "")
    assert [record.getMessage() for record in caplog.records if "were not pushed" in record.getMessage()] != []
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1


@contextlib.contextmanager
def listener(treat):
    """A server that does `treat` with the one connection it takes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def take():
            connection, _ = server.accept()
            treat(connection)
            if treat.__name__ != "append":
                connection.close()

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        yield server.getsockname()[1]
        taking.join(10)

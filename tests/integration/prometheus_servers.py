"""Prometheus and its Pushgateway as users run them, on free ports of this machine."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.site import wait_for
from tests.services import free_port


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here: apt-get install prometheus prometheus-pushgateway")
    return found


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def answers(url: str) -> bool:
    try:
        return bool(fetch(url))
    except OSError:
        return False


@contextlib.contextmanager
def running(command: list[str], ready: str, log: Path) -> Iterator[None]:
    """A server from its first answer at `ready` to the end of the block."""
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as server:
        try:
            wait_for(lambda: answers(ready), what=f"{command[0]} does not answer")
            yield
        finally:
            server.terminate()


@contextlib.contextmanager
def pushgateway(folder: Path) -> Iterator[str]:
    """The address of a Pushgateway."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [
        program("prometheus-pushgateway"), f"--web.listen-address=127.0.0.1:{port}",
        f"--persistence.file={folder / 'pushgateway.data'}",  # Debian's would share one with every other
    ]  # fmt: skip
    with running(command, f"{address}/-/ready", folder / "pushgateway.log"):
        yield address


def pushed(address: str) -> dict[str, dict[str, float]]:
    """What a Pushgateway holds: job → metric → value of its one series."""
    groups = json.loads(fetch(f"{address}/api/v1/metrics"))["data"]
    assert all(set(group["labels"]) == {"job"} for group in groups)
    return {
        group["labels"]["job"]: {
            name: float(metric["metrics"][0]["value"])
            for name, metric in group.items()
            if isinstance(metric, dict) and "metrics" in metric and "value" in metric["metrics"][0]
        }
        for group in groups
    }


@contextlib.contextmanager
def prometheus(folder: Path, config: str) -> Iterator[Prometheus]:
    """A Prometheus with this configuration."""
    port = free_port()
    (folder / "prometheus.yml").write_text(config)
    command = [
        program("prometheus"), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with running(command, f"http://127.0.0.1:{port}/-/ready", folder / "prometheus.log"):
        yield Prometheus(f"http://127.0.0.1:{port}")


class Prometheus:
    def __init__(self, address: str) -> None:
        self.address = address

    def names(self) -> set[str]:
        return set(json.loads(fetch(f"{self.address}/api/v1/label/__name__/values"))["data"])

    def value(self, query: str) -> float | None:
        asked = urllib.parse.urlencode({"query": query})
        found = json.loads(fetch(f"{self.address}/api/v1/query?{asked}"))["data"]["result"]
        return float(found[0]["value"][1]) if found else None

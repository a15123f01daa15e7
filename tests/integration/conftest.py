"""A real server for the job queues, emptied before each test."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from redis import Redis

from pipeline.storage import broker


@pytest.fixture(scope="session", autouse=True)
def queue_server():
    """Our own server, unless the environment names one."""
    if not settings.LFB_OWN_BROKER:
        broker.await_ready(settings.REDIS_URL, 60)
        yield settings.REDIS_URL
        return
    folder = Path(settings.LFB_DATA_DIR) / "broker"
    server = subprocess.Popen(broker.server_command(settings.REDIS_URL, folder))
    broker.await_ready(settings.REDIS_URL, 60)
    yield settings.REDIS_URL
    server.terminate()
    server.wait(10)


@pytest.fixture(autouse=True)
def empty_queues(queue_server):
    with Redis.from_url(queue_server) as server:
        server.flushdb()
        yield server

"""A real server for the job queues, emptied before each test; and who uses the site."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from redis import Redis
from rest_framework.test import APIClient

from pipeline import runs
from pipeline.storage import broker
from tests.integration.logins import basic


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


@pytest.fixture
def executed_at_once(monkeypatch):
    """The order is executed before the answer: another process would not see this test's database."""

    def start(step, given, *, then=(), **who):
        return runs.start(step, given, **who)

    monkeypatch.setattr(runs, "enqueue", start)


@pytest.fixture
def password_client(db):
    """A user, and a client that logs in by name and password with each call."""
    user = get_user_model().objects.create_user("someone", password="a long enough one")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=basic("someone", "a long enough one"))
    return user, client


@pytest.fixture
def chief(db):
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("chief", password="a long enough one"))
    return client


@pytest.fixture
def reader(db):
    """Staff who may look at everything and change nothing."""
    user = get_user_model().objects.create_user("reader", password="a long enough one", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def no_queue(settings):
    settings.RQ_QUEUES = {name: {"URL": "unix:///nowhere.sock"} for name in settings.RQ_QUEUES}

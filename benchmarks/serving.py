"""How fast /predict answers, beside an empty view behind the same login and a plain service that loads its model each time.

    python benchmarks/serving.py [--seconds 5]

Needs a site with a model in use; its folders are read from the environment as ever. It
starts both servers with two workers on this machine, asks by one connection for latency and by 32 for throughput and
p99, in turn and all in one run, and writes benchmarks/results/serving.json. The processor time that the servers spend
on a request is measured beside the clock: on a busy machine it is what can be compared. The users it makes are removed
again.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CONNECTIONS = 32
SITE, PLAIN = 8_811, 8_812
QUESTION = "/predict?distance=5.2&station=Acton"
NAME, PASSWORD = "benchmark-serving", "only for some seconds"
LIMITS = {"LFB_REQUESTS_PER_USER": "10000000", "LFB_REQUESTS_PER_ADDRESS": "10000000", "LFB_CONSOLE_LEVEL": "ERROR"}


async def ask(port: int, path: str, headers: str, until: float, took: list[float]) -> None:
    """One connection that asks again and again; every answer must be 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode()
    try:
        while time.perf_counter() < until:
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"{path} answered {head[:200]!r}")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            took.append(time.perf_counter() - started)
            if b"connection: close" in head.lower():
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
    finally:
        writer.close()


def processor_seconds(pid: int) -> float:
    """What a process and its children have used so far."""
    used = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = path.read_text().rpartition(")")[2].split()
            if int(path.parent.name) == pid or int(words[1]) == pid:
                used += (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    return used


def measure(port: int, path: str, headers: str, connections: int, seconds: float, pid: int = 0) -> dict[str, float]:
    """Requests a second, the median and 99th percentile of their milliseconds, and the servers' own milliseconds."""
    took: list[float] = []

    async def all_at_once() -> None:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(ask(port, path, headers, until, took) for _ in range(connections)))

    started, used = time.perf_counter(), processor_seconds(pid)
    asyncio.run(all_at_once())
    elapsed, used = time.perf_counter() - started, processor_seconds(pid) - used
    took.sort()
    return {
        "per_second": round(len(took) / elapsed, 1),
        "median_ms": round(1_000 * took[len(took) // 2], 3),
        "p99_ms": round(1_000 * took[int(len(took) * 0.99)], 2),
        "processor_ms": round(1_000 * used / len(took), 3),
    }


@contextlib.contextmanager
def server(command: list[str], port: int, path: str, headers: str) -> Iterator[int]:
    """A server that answers as long as the block runs; its process."""
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **LIMITS})
    try:
        for _ in range(300):
            with contextlib.suppress(OSError, SystemExit, asyncio.IncompleteReadError):
                measure(port, path, headers, 16, 2)  # every worker has answered, and its libraries are loaded
                break
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def logins() -> Iterator[dict[str, str]]:
    """The header of each way to log in, for a user who exists as long as the block runs."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lfb_site.settings")
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.test import Client

    from lfb_site.models import AccessToken

    get_user_model().objects.filter(username=NAME).delete()
    user = get_user_model().objects.create_user(NAME, password=PASSWORD)
    browser = Client()
    browser.force_login(user)
    _, token = AccessToken.make(user, "benchmark")
    pair = base64.b64encode(f"{NAME}:{PASSWORD}".encode()).decode()
    try:
        yield {
            "token": f"Authorization: Bearer {token}\r\n",
            "session": f"Cookie: sessionid={browser.cookies['sessionid'].value}\r\n",
            "basic": f"Authorization: Basic {pair}\r\n",
        }
    finally:
        browser.logout()
        user.delete()


def report(results: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Print the table; return the ratios that the goals speak of."""
    for name, figures in results.items():
        one, many = figures["one"], figures["many"]
        print(
            f"{name:18} {one['median_ms']:8.2f} ms alone   {many['per_second']:8.0f} requests/s, p99 {many['p99_ms']:7.1f} ms, {many['processor_ms']:6.3f} ms of processor each, with {CONNECTIONS}"
        )
    ratios = {}
    for login in ("token", "session", "basic"):
        asked, empty = results[f"predict, {login}"], results[f"empty, {login}"]
        ratios[f"latency of {login} to an empty view"] = asked["one"]["median_ms"] / empty["one"]["median_ms"]
        ratios[f"throughput of {login} to the plain service"] = (
            asked["many"]["per_second"] / results["plain service"]["many"]["per_second"]
        )
        ratios[f"processor time of the plain service to {login}"] = (
            results["plain service"]["many"]["processor_ms"] / asked["many"]["processor_ms"]
        )
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f}")
    return {name: round(ratio, 3) for name, ratio in ratios.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    results: dict[str, dict[str, Any]] = {}

    def take(name: str, port: int, path: str, headers: str, pid: int) -> None:
        results[name] = {
            "one": measure(port, path, headers, 1, seconds, pid),
            "many": measure(port, path, headers, CONNECTIONS, seconds, pid),
        }

    gunicorn = [
        sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{SITE}", "--workers", "2",
        "--max-requests", "0", "--log-level", "error", "benchmarks.serving_site",
    ]  # fmt: skip
    uvicorn = [
        sys.executable, "-m", "uvicorn", "--port", str(PLAIN), "--workers", "2", "--log-level", "error", "--no-access-log",
        "benchmarks.serving_plain:application",
    ]  # fmt: skip
    with logins() as headers, server(gunicorn, SITE, QUESTION, headers["token"]) as pid:
        for login, header in headers.items():
            take(f"empty, {login}", SITE, "/empty", header, pid)
            take(f"predict, {login}", SITE, QUESTION, header, pid)
    with server(uvicorn, PLAIN, QUESTION, "") as pid:
        take("plain service", PLAIN, QUESTION, "", pid)
    ratios = report(results)
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "serving.json").write_text(json.dumps({"results": results, "ratios": ratios}, indent=1))


if __name__ == "__main__":
    main()

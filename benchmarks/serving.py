"""How fast /predict answers, beside an empty view behind the same login and a plain service that loads its model each time.

    python benchmarks/serving.py [--seconds 2] [--rounds 5]

Needs a site with a model in use; its folders are read from the environment as ever. It starts both servers with two
workers on this machine and asks each address in turn, round after round: by one connection for latency, by 32 for
throughput and p99. A ratio is the median of those of the rounds, so that a machine that is slower for a while slows both
sides of it. The processor time that the servers spend on a request is measured beside the clock. Writes
benchmarks/results/serving.json. The users it makes are removed again.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import statistics
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
ASKED = "?distance=5.2&station=Acton"
QUESTION = f"/predict{ASKED}"
PLAIN_PATHS = {"plain service": "/predict", "plain, no pandas": "/predict-lean"}
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


Rounds = dict[str, list[dict[str, Any]]]


def report(rounds: Rounds) -> dict[str, float]:
    """Print the table of medians; return the ratios that the goals speak of."""
    for name, taken in rounds.items():
        alone = statistics.median(one["one"]["median_ms"] for one in taken)
        many = {key: statistics.median(one["many"][key] for one in taken) for key in taken[0]["many"]}
        print(
            f"{name:20} {alone:7.2f} ms alone  {many['per_second']:6.0f} requests/s, p99 {many['p99_ms']:6.1f} ms, "
            f"{many['processor_ms']:6.3f} ms of processor each, with {CONNECTIONS}"
        )

    def ratio(upper: str, lower: str, connections: str, key: str) -> float:
        pairs = zip(rounds[upper], rounds[lower], strict=True)
        return statistics.median(one[connections][key] / other[connections][key] for one, other in pairs)

    ratios = {}
    for login in ("token", "session", "basic"):
        asked = f"predict, {login}"
        ratios[f"latency of {login} to an empty view"] = ratio(asked, f"empty, {login}", "one", "median_ms")
        for plain in PLAIN_PATHS:
            ratios[f"throughput of {login} to {plain}"] = ratio(asked, plain, "many", "per_second")
    for name, value in ratios.items():
        print(f"{name}: {value:.2f}")
    return {name: round(value, 3) for name, value in ratios.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    rounds: Rounds = {}
    gunicorn = [
        sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{SITE}", "--workers", "2",
        "--max-requests", "0", "--log-level", "error", "benchmarks.serving_site",
    ]  # fmt: skip
    uvicorn = [
        sys.executable, "-m", "uvicorn", "--port", str(PLAIN), "--workers", "2", "--log-level", "error", "--no-access-log",
        "benchmarks.serving_plain:application",
    ]  # fmt: skip
    with (
        logins() as headers,
        server(gunicorn, SITE, QUESTION, headers["token"]) as site,
        server(uvicorn, PLAIN, QUESTION, "") as plain,
    ):
        targets = {name: (PLAIN, path + ASKED, "", plain) for name, path in PLAIN_PATHS.items()}
        for login, header in headers.items():
            targets[f"empty, {login}"] = (SITE, "/empty", header, site)
            targets[f"predict, {login}"] = (SITE, QUESTION, header, site)
        for _ in range(chosen.rounds):
            for name, (port, path, header, pid) in targets.items():
                taken = {
                    key: measure(port, path, header, connections, chosen.seconds, pid)
                    for key, connections in (("one", 1), ("many", CONNECTIONS))
                }
                rounds.setdefault(name, []).append(taken)
    ratios = report(rounds)
    folder = ROOT / "benchmarks" / "results"
    folder.mkdir(exist_ok=True)
    (folder / "serving.json").write_text(json.dumps({"rounds": rounds, "ratios": ratios}, indent=1))


if __name__ == "__main__":
    main()

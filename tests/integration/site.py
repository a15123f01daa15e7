"""A whole site of its own in a folder: its commands, its processes, and what they leave in the database."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Site:
    """Processes that share one data folder. Everything started is ended with the block."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "LFB_DATA_DIR": str(folder / "data"),
            "LFB_MODEL_DIR": str(folder / "models"),
            "LFB_LOG_DIR": str(folder / "logs"),
            "DJANGO_STATIC_ROOT": str(folder / "static"),
            "DJANGO_DEBUG": "1",
            "LFB_CONSOLE_LEVEL": "ERROR",
            "LFB_CODE_VERSION": "test",
            "MLFLOW_ENABLED": "0",
            "PYTHONWARNINGS": "ignore",
            **settings,
        }
        self.processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Site:
        self.run("migrate", "--verbosity=0")
        return self

    def __exit__(self, *error: object) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A management command in the background."""
        with (self.folder / f"{words[0]}-{len(self.processes)}.log").open("w") as log:
            return self.launch([sys.executable, "manage.py", *words], stdout=log, stderr=log)

    def launch(self, command: Sequence[str], **more: Any) -> subprocess.Popen[str]:
        """Any program, ended with the site."""
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment, text=True, **more)
        self.processes.append(process)
        return process

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, code: str) -> str:
        """Run code inside the site's Django."""
        return self.run("shell", "--verbosity=0", "--command", code)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(self.folder / "data" / "lfb.sqlite3", timeout=20)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def statuses(self) -> list[str]:
        return [status for (status,) in self.rows("select status from pipeline_datasetrun order by id")]

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))


def wait_for(condition: Callable[[], Any], seconds: float = 60, *, what: str = "") -> Any:
    """The first true value of `condition`; an error where it stays false too long."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, what or "waited too long"
        time.sleep(0.1)
    return found


def children(pid: int) -> list[int]:
    """The living children of a process."""
    return [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        if (words := _stat(path)) and words[1] == str(pid) and words[0] != "Z"
    ]


def _stat(path: Path) -> list[str]:
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def is_alive(pid: int) -> bool:
    words = _stat(Path(f"/proc/{pid}/stat"))
    return bool(words) and words[0] != "Z"


def descendants(pid: int) -> list[int]:
    found = children(pid)
    return found + [grandchild for child in found for grandchild in descendants(child)]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)

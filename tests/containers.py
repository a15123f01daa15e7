"""Stands in for Docker: reads the compose file as Docker does, and runs our roles' very commands and settings on this machine.

Names of services become loopback addresses and volumes become folders; nothing else is changed. The roles run from a copy of
the files that the image holds, and from no other.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import compose

from tests import services

ROOT = Path(__file__).resolve().parent.parent
# The wrapper that the package installs ends with status 0 whatever the program in it says.
COMPOSE = Path(compose.__file__).with_name("docker-compose")
SECRETS = ("DJANGO_SECRET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD", "GRAFANA_ADMIN_PASSWORD")


class ComposeError(RuntimeError):
    """Compose refuses the file; the message is its own."""


def configuration(settings: Mapping[str, str]) -> dict[str, Any]:
    """The compose file with `settings` filled in. Raises ComposeError where Compose finds a fault."""
    command = [COMPOSE, "--project-directory", ROOT, "--env-file", os.devnull, "config", "--format", "json"]
    done = subprocess.run(command, env={"PATH": os.environ["PATH"], **settings}, capture_output=True, text=True)
    if done.returncode:
        raise ComposeError(done.stderr)
    return json.loads(done.stdout)


def files_of_the_image(folder: Path) -> Path:
    """Copy to `folder` what `.dockerignore` lets into the image: it shuts everything out, then names what may come in."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            source, target = ROOT / line[1:], folder / line[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.py[cod]"))
            else:
                shutil.copyfile(source, target)
    return folder


def settings_of_the_image() -> dict[str, str]:
    """What the Dockerfile's last stage sets by ENV."""
    last_stage = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1].replace("\\\n", " ")
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(re.findall(r"^ENV (.*)$", last_stage, flags=re.MULTILINE))))


def health_check_of_the_image() -> list[str]:
    """The Dockerfile's health check, for the roles that have none of their own: CMD and its words."""
    kind, words = re.findall(r"HEALTHCHECK .*?(CMD) (\[.*?\])", (ROOT / "Dockerfile").read_text(), flags=re.DOTALL)[0]
    return [kind, *json.loads(words)]


@dataclass
class Machine:
    """Runs roles of the compose file; `stands_for` maps what they say to what is meant here."""

    roles: Mapping[str, Any]
    image: Path
    folder: Path
    stands_for: dict[str, str]

    def here(self, text: str) -> str:
        """`text` with every name replaced, in one pass: what is meant may itself hold a name."""
        names = "|".join(map(re.escape, self.stands_for))
        return re.sub(rf"(?<![\w.])({names})", lambda found: self.stands_for[found[0]], text)

    def settings(self, role: str) -> dict[str, str]:
        """The environment of a new container of the role, which has temporary folders of its own."""
        given = {name: value for name, value in self.roles[role].get("environment", {}).items() if value is not None}
        told = {**settings_of_the_image(), **given}
        container = Path(tempfile.mkdtemp(prefix=f"{role}-", dir=self.folder))
        for path in self.roles[role]["tmpfs"]:
            (container / path[1:]).mkdir(parents=True)
            told = {name: re.sub(f"^{path}(?=/|$)", str(container / path[1:]), value) for name, value in told.items()}
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return {name: self.here(value) for name, value in told.items()} | {"PATH": path}

    def command(self, role: str) -> list[str]:
        return [self.here(word) for word in self.roles[role]["command"]]

    def check_health(self, role: str) -> None:
        """What Docker runs to see whether the container is alive: fails where it is not."""
        test = self.roles[role].get("healthcheck", {}).get("test") or health_check_of_the_image()
        self.run(role, *(self.here(word) for word in test[1:]))

    def run(self, role: str, *command: str, **extra: str) -> str:
        """Run the role, or another command in its place, to its end; what it wrote. Fails where it fails."""
        done = subprocess.run(
            command or self.command(role),
            cwd=self.image,
            env=self.settings(role) | extra,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    @contextmanager
    def up(self, role: str, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
        """The role while the block runs; told to end as Docker does it, it ends well."""
        log = self.folder / f"{role}-{services.free_port()}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                self.command(role),
                cwd=self.image,
                env=self.settings(role) | extra,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            status = services.end(process)
        assert status == 0, f"{role} ended with {status}: {log.read_text(errors='replace')[-3_000:]}"

"""Programs run as one: told to end together, and the one that others rely on last."""

import signal
import sys

import pytest

from lfb_site.supervisor import Program, supervise
from tests.integration.site import wait_for

# Told to end, it waits until the others named have been told as well, and says how that went.
PROGRAM = """
import pathlib, signal, sys, time
folder, name, *others = sys.argv[1:]
def mark(who, what):
    return pathlib.Path(folder, f"{who} {what}")
def end(*_):
    mark(name, "told").touch()
    until = time.monotonic() + 20
    while not all(mark(other, "told").exists() for other in others):
        if time.monotonic() > until:
            sys.exit(f"{name} was told alone")
        time.sleep(0.01)
    print(name, flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
mark(name, "ready").touch()
while True:
    time.sleep(0.05)
"""


@pytest.fixture(autouse=True)
def own_signals():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_all_are_told_to_end_at_once_and_the_one_they_rely_on_when_they_have_ended(tmp_path, capfd):
    def program(name, *others, then=lambda: None, **options):
        def ready():
            wait_for((tmp_path / f"{name} ready").exists)
            then()

        command = [sys.executable, "-c", PROGRAM, str(tmp_path), name, *others]
        return Program(name, command, ready=ready, patience_seconds=40, **options)

    programs = [
        program("queue", ends_last=True),
        program("worker", "web"),
        program("web", "worker", then=lambda: signal.raise_signal(signal.SIGTERM)),
    ]
    assert supervise(programs) == 0
    *others, last = capfd.readouterr().out.split()
    assert (sorted(others), last) == (["web", "worker"], "queue")
    assert [one.exit_status() for one in programs] == [0, 0, 0]

"""Several files are put in place together or not at all, also by a process that dies."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.storage import outputs
from pipeline.storage.outputs import OutputSet

ROOT = Path(__file__).resolve().parents[4]
NAMES = ("a.csv", "sub/b.csv", "c.csv")

# Dies by kill -9 at the n-th step that touches the disk.
VICTIM = """
import os, signal, sys
from pathlib import Path
from pipeline.storage import outputs
folder, fatal = Path(sys.argv[1]), int(sys.argv[2])
steps = 0
def counted(function):
    def inner(*args, **kwargs):
        global steps
        steps += 1
        if steps == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return inner
for name in ("replace", "touch", "unlink", "mkdir", "write_text"):
    setattr(Path, name, counted(getattr(Path, name)))
outputs._sync = counted(outputs._sync)
with outputs.OutputSet(folder, "run-1") as out:
    for name in ("a.csv", "sub/b.csv", "c.csv"):
        out.path(name).write_text("new")
    out.commit()
"""


@pytest.fixture()
def folder(tmp_path):
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("old")
    return tmp_path


def contents(folder):
    return {(folder / name).read_text() for name in NAMES}


def stage(folder, owner="run-1"):
    out = OutputSet(folder, owner).__enter__()
    for name in NAMES:
        out.path(name).write_text("new")
    return out


def test_a_commit_replaces_every_file_and_leaves_no_staging(folder):
    with OutputSet(folder, "run-1") as out:
        for name in NAMES:
            out.path(name).write_text("new")
        assert out.commit() == [folder / name for name in NAMES]
    assert contents(folder) == {"new"}
    assert list((folder / outputs.STAGING).iterdir()) == []


def test_without_commit_nothing_changes(folder):
    with OutputSet(folder, "run-1") as out:
        out.path("a.csv").write_text("new")
    assert contents(folder) == {"old"}


def test_an_error_in_the_block_leaves_the_old_files(folder):
    with pytest.raises(ValueError, match="stop"), OutputSet(folder, "run-1") as out:
        out.path("a.csv").write_text("new")
        raise ValueError("stop")
    assert contents(folder) == {"old"}


def test_a_file_announced_but_not_written_stops_the_commit(folder):
    with pytest.raises(FileNotFoundError), OutputSet(folder, "run-1") as out:
        out.path("a.csv").write_text("new")
        out.path("c.csv")
        out.commit()
    assert contents(folder) == {"old"}


def test_the_mark_of_a_written_owner_stays_until_it_is_forgotten(folder):
    stage(folder).commit()
    assert outputs.was_written([folder], "run-1")
    outputs.forget([folder], "run-1")
    assert not outputs.was_written([folder], "run-1")


def test_staging_of_a_living_owner_is_left_alone(folder):
    out = stage(folder)
    assert outputs.recover(folder, is_alive=lambda owner: True) == []
    out.commit()
    assert contents(folder) == {"new"}


def kill_at(folder, step):
    done = subprocess.run(
        [sys.executable, "-c", VICTIM, str(folder), str(step)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    return done.returncode == -signal.SIGKILL


def test_a_kill_at_any_step_leaves_all_old_or_all_new_files(folder):
    fates = []
    for step in range(1, 60):
        for name in NAMES:
            (folder / name).write_text("old")
        outputs.forget([folder], "run-1")
        if not kill_at(folder, step):
            break
        recovered = outputs.recover(folder, is_alive=lambda owner: False)
        found = contents(folder)
        assert found in ({"old"}, {"new"}), f"a mixture after step {step}"
        assert list((folder / outputs.STAGING).glob("*")) == []
        if found == {"new"}:
            assert outputs.was_written([folder], "run-1")
        fates.append((found.pop(), any(done.completed for done in recovered)))
        assert outputs.recover(folder, is_alive=lambda owner: False) == []
    else:
        pytest.fail("the victim never got through")
    assert ("old", False) in fates
    assert ("new", True) in fates

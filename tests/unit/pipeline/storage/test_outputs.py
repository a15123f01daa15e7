"""Several files are put in place together or not at all, also by a process that dies or is interrupted."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.storage import durable, outputs
from pipeline.storage.outputs import OutputSet

NAMES = ("a.csv", "sub/b.csv", "deep/er/c.csv")
DISK_METHODS = ("replace", "touch", "unlink", "mkdir", "write_text", "read_text")


@pytest.fixture
def folder(tmp_path):
    lay(tmp_path, "old")
    return tmp_path


def lay(folder, text):
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def contents(folder):
    return {(folder / name).read_text() for name in NAMES}


def staged(folder):
    return sorted(path.name for path in (folder / outputs.STAGING).glob("*"))


def nobody_lives(owner):
    return False


def stage(folder, owner="run-1", text="new"):
    out = OutputSet(folder, owner).__enter__()
    for name in NAMES:
        out.path(name).write_text(text)
    return out


def commit(folder):
    with OutputSet(folder, "run-1") as out:
        for name in NAMES:
            out.path(name).write_text("new")
        out.commit()


def strike(patch, step, blow):
    """Let `blow` fall in place of the step-th call that touches the disk; later calls work again."""
    counted = iter(range(1, 10_000))

    def wrapped(function):
        def inner(*args, **kwargs):
            if next(counted) == step:
                blow()
            return function(*args, **kwargs)

        return inner

    for name in DISK_METHODS:
        patch.setattr(Path, name, wrapped(getattr(Path, name)))
    # A kill does not lose what the kernel has been given: without waiting for the disk all steps are tried in seconds.
    patch.setattr(outputs, "sync", wrapped(lambda path: None))
    patch.setattr(durable, "sync", wrapped(lambda path: None))
    patch.setattr(outputs.shutil, "rmtree", wrapped(outputs.shutil.rmtree))


def killed_at(step, work):
    """Run `work` in a process of its own that dies by kill -9 at its step-th touch of the disk; whether it got there."""
    child = os.fork()
    if child == 0:
        try:
            with pytest.MonkeyPatch.context() as patch:
                strike(patch, step, lambda: os.kill(os.getpid(), signal.SIGKILL))
                work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def test_a_commit_replaces_every_file_and_leaves_no_staging(folder):
    with OutputSet(folder, "run-1") as out:
        for name in NAMES:
            out.path(name).write_text("new")
        assert out.commit() == [folder / name for name in NAMES]
    assert contents(folder) == {"new"}
    assert staged(folder) == []


def test_folders_that_are_not_there_yet_are_made(tmp_path):
    stage(tmp_path / "not" / "yet").commit()
    assert contents(tmp_path / "not" / "yet") == {"new"}


def test_without_commit_nothing_changes(folder):
    with OutputSet(folder, "run-1") as out:
        out.path("a.csv").write_text("new")
    assert contents(folder) == {"old"}
    assert staged(folder) == []


def test_an_error_in_the_block_leaves_the_old_files(folder):
    def fail():
        with OutputSet(folder, "run-1") as out:
            out.path("a.csv").write_text("new")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert contents(folder) == {"old"}


def test_a_file_announced_but_not_written_stops_the_commit(folder):
    out = stage(folder)
    out.path("c.csv")
    with pytest.raises(FileNotFoundError):
        out.commit()
    out.__exit__(None, None, None)
    assert contents(folder) == {"old"}


def test_a_folder_in_the_place_of_a_file_stops_the_commit_before_anything_changes(folder):
    (folder / "z.csv").mkdir()
    out = stage(folder)
    out.path("z.csv").write_text("new")
    with pytest.raises(IsADirectoryError):
        out.commit()
    out.__exit__(None, None, None)
    assert contents(folder) == {"old"}
    assert outputs.recover(folder, is_alive=nobody_lives) == []


@pytest.mark.parametrize("name", ["../x.csv", "/x.csv", "a/../../x.csv", "", ".staging/run-2/x", ".written/run-2"])
def test_a_name_outside_the_folder_is_refused(folder, name):
    with OutputSet(folder, "run-1") as out, pytest.raises(ValueError, match="no name of an output"):
        out.path(name)


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


def test_only_the_dead_of_several_owners_are_cleared_away(folder):
    out = stage(folder, "run-1")
    stage(folder, "run-2", text="half")
    assert outputs.recover(folder, is_alive=lambda owner: owner == "run-1") == [outputs.Recovered("run-2", False)]
    assert contents(folder) == {"old"}
    out.commit()
    assert contents(folder) == {"new"}


def test_a_stray_file_among_the_staging_is_nobody(folder):
    (folder / outputs.STAGING).mkdir()
    (folder / outputs.STAGING / ".DS_Store").touch()
    assert outputs.recover(folder, is_alive=nobody_lives) == []


def test_a_folder_without_staging_has_nothing_to_recover(tmp_path):
    assert outputs.recover(tmp_path / "none", is_alive=nobody_lives) == []


def test_a_kill_at_any_step_leaves_all_old_or_all_new_files(folder):
    fates = set()
    for step in range(1, 200):
        lay(folder, "old")
        outputs.forget([folder], "run-1")
        if not killed_at(step, lambda: commit(folder)):
            break
        recovered = outputs.recover(folder, is_alive=nobody_lives)
        found = contents(folder)
        assert found in ({"old"}, {"new"}), f"a mixture after step {step}"
        assert outputs.was_written([folder], "run-1") == (found == {"new"}), f"a wrong mark after step {step}"
        assert staged(folder) == []
        fates.add((found.pop(), any(done.completed for done in recovered)))
        assert outputs.recover(folder, is_alive=nobody_lives) == []
    else:
        pytest.fail("the victim never got through")
    assert fates == {("old", False), ("new", True), ("new", False)}


def killed_in_commit(folder):
    """The state after a kill between the first and the second rename."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outputs, "_carry_out", lambda *places: None)
        stage(folder).commit()
    (folder / outputs.STAGING / "run-1" / "files" / NAMES[0]).replace(folder / NAMES[0])


def test_a_kill_at_any_step_of_the_recovery_is_recovered_from(folder):
    for step in range(1, 200):
        lay(folder, "old")
        killed_in_commit(folder)
        assert contents(folder) == {"old", "new"}
        if not killed_at(step, lambda: outputs.recover(folder, is_alive=nobody_lives)):
            break
        outputs.recover(folder, is_alive=nobody_lives)
        assert contents(folder) == {"new"}, f"not whole after step {step}"
        assert staged(folder) == []
    else:
        pytest.fail("the recovery never got through")


@pytest.mark.parametrize("blow", [KeyboardInterrupt, PermissionError])
def test_an_interrupt_or_a_fault_at_any_step_leaves_no_mixture(folder, blow):
    def fall():
        raise blow

    for step in range(1, 200):
        lay(folder, "old")
        with pytest.MonkeyPatch.context() as patch, suppress(blow):
            strike(patch, step, fall)
            commit(folder)
            break
        outputs.recover(folder, is_alive=nobody_lives)
        assert contents(folder) in ({"old"}, {"new"}), f"a mixture after step {step}"
        assert staged(folder) == []
    assert 20 < step < 199


def test_a_second_try_of_the_same_owner_first_finishes_what_the_first_began(folder):
    killed_in_commit(folder)
    with OutputSet(folder, "run-1") as out:
        assert contents(folder) == {"new"}
        out.path(NAMES[0]).write_text("newer")
    assert contents(folder) == {"new"}


def test_two_that_recover_at_once_do_not_disturb_each_other(folder, monkeypatch):
    killed_in_commit(folder)
    rename = Path.replace

    def overtaken(path, target):
        monkeypatch.setattr(Path, "replace", rename)
        assert outputs.recover(folder, is_alive=nobody_lives) == [outputs.Recovered("run-1", True)]
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", overtaken)
    outputs.recover(folder, is_alive=nobody_lives)
    assert contents(folder) == {"new"}
    assert staged(folder) == []

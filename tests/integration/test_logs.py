"""The log files as real processes write them: whole, in the promised format, in the right file."""

import json
import re
import subprocess
import sys
from collections import defaultdict

import pytest

from lfb_site.observability.components import COMPONENTS
from tests.integration.site import ROOT, Site

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - pipeline\.writer - INFO - process (\d+) line (\d+)")
PROCESSES, LINES = 8, 25_000


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path, LFB_CONSOLE_LEVEL="CRITICAL")
    yield site
    site.__exit__()


def files(site, name):
    """The files of one log, the oldest first."""
    folder = site.folder / "logs"
    return [
        path
        for path in (*(folder / f"{name}.log.{n}" for n in range(9, 0, -1)), folder / f"{name}.log")
        if path.exists()
    ]


def lines(site, name):
    """What each process wrote, in the order of the file; every line is whole."""
    found = defaultdict(list)
    for path in files(site, name):
        for line in path.read_text().splitlines():
            match = LINE.fullmatch(line)
            assert match, f"torn: {line!r}"
            found[int(match[1])].append(int(match[2]))
    return found


def test_eight_processes_lose_and_tear_no_line_at_rotation(site):
    writers = [
        site.launch([sys.executable, "-m", "tests.integration.log_writer", str(number), str(LINES)])
        for number in range(PROCESSES)
    ]
    assert [writer.wait(300) for writer in writers] == [0] * PROCESSES
    for place, name in enumerate(COMPONENTS):
        assert len(files(site, name)) > 2, "nothing was rotated"
        written = lines(site, name)
        for number in range(PROCESSES):
            assert written[number] == list(range(place, LINES, len(COMPONENTS))), (name, number)
    # Of the history only the latest is kept: no more than six files, and nothing missing up to the last line.
    assert len(files(site, "history")) == 6
    for number, kept in lines(site, "history").items():
        assert kept == list(range(kept[0], LINES)), number
    assert all(path.stat().st_size < 1_001_000 for path in (site.folder / "logs").glob("*.log*"))


CODE = """
import logging, warnings
from types import SimpleNamespace
from pipeline.run_log import current_run
logging.getLogger("pipeline.schedules").debug("the timetable")
current_run.set(SimpleNamespace(pk=7, step="train_model", started_by_name="ada"))
logging.getLogger("pipeline.core.x").info("fitted, password=hunter2")
logging.getLogger("matplotlib").debug("of no interest")
warnings.simplefilter("always")
warnings.warn("few rows", UserWarning)
"""


def test_lines_and_warnings_land_in_the_file_of_their_component(site):
    site.python(CODE)
    train, api, history = (files(site, name)[0].read_text().splitlines() for name in ("train_model", "api", "history"))
    assert re.fullmatch(r"[\d-]{10} [\d:,]{12} - pipeline\.core\.x - INFO - fitted, password=\*\*\*", train[0])
    assert re.fullmatch(r"[\d-]{10} [\d:,]{12} - py\.warnings - WARNING - .*UserWarning: few rows", train[1])
    assert api[0].endswith("pipeline.schedules - DEBUG - the timetable")
    assert history == [api[0], *train]
    assert not files(site, "predict_model")


def test_levels_are_settings(site):
    site.environment |= {"LFB_LOG_LEVEL": "WARNING", "LFB_HISTORY_LEVEL": "INFO"}
    site.python(CODE)
    assert [len(files(site, name)) for name in ("train_model", "api", "history")] == [1, 0, 1]
    assert "fitted" not in files(site, "train_model")[0].read_text()
    assert "fitted" in files(site, "history")[0].read_text()
    assert "timetable" not in files(site, "history")[0].read_text()


def test_lines_are_json_where_that_is_set(site):
    site.environment["LFB_LOG_JSON"] = "1"
    site.python(CODE)
    found = [json.loads(line) for line in files(site, "history")[0].read_text().splitlines()]
    assert [(line["component"], line["run"], line["user"]) for line in found] == [
        ("api", None, None),
        ("train_model", 7, "ada"),
        ("train_model", 7, "ada"),
    ]
    assert found[1]["message"] == "fitted, password=***"


def test_files_begin_afresh_where_that_is_set_but_not_under_another_process(site):
    site.python("import logging; logging.getLogger('api').info('before')")
    site.environment["LFB_LOG_MODE"] = "w"
    code = "import logging, time; logging.getLogger('api').info('{}'); print('written', flush=True); input()"
    first = site.launch(
        [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", code.format("first")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert first.stdout.readline() == "written\n"
    site.python("import logging; logging.getLogger('api').info('second')")
    first.communicate("\n", timeout=60)
    assert [line.split(" - ")[-1] for line in files(site, "api")[0].read_text().splitlines()] == ["first", "second"]


def test_a_folder_that_cannot_be_written_leaves_the_console_and_a_warning(site, tmp_path):
    (tmp_path / "taken").write_text("a file")
    site.environment |= {"LFB_LOG_DIR": str(tmp_path / "taken" / "logs"), "LFB_CONSOLE_LEVEL": "INFO"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=site.environment, capture_output=True, text=True
    )
    assert (done.returncode, "lfb_site.W002" in done.stderr) == (0, True)
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--command", CODE], cwd=ROOT, env=site.environment, capture_output=True, text=True
    )  # fmt: skip
    assert "fitted, password=***" in done.stderr
    assert "Traceback" not in done.stderr

"""Source files are found wherever they are: at an address, at a path, in the folder for incoming files."""

import hashlib
import subprocess
import sys

import pytest

from pipeline import sources_catalogue
from pipeline.core.errors import SourceError
from pipeline.storage import sources
from pipeline.storage.sources import DownloadOptions

QUICK = DownloadOptions(connect_timeout=1, read_timeout=0.3, retries=0, backoff=0.0)
TABLE = b"IncidentNumber,DateOfCall\n1,2023-01-01\n"


def test_a_local_file_is_used_in_place(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(TABLE)
    file = sources.fetch(str(path), tmp_path / "raw")
    assert (file.path, file.status, file.downloaded_bytes, file.expected_bytes) == (path, "local", 0, len(TABLE))
    assert file.sha256 == hashlib.sha256(TABLE).hexdigest()
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize("name", ["gone.csv", ".", "gone/deeper.csv"])
def test_a_local_file_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(SourceError) as caught:
        sources.fetch(str(tmp_path / name), tmp_path)
    assert caught.value.code == "local_file_missing"
    assert str(tmp_path / name) in caught.value.message


def test_a_local_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    (tmp_path / "mine.csv").write_bytes(TABLE)
    monkeypatch.setattr(sources.os, "access", lambda path, mode: False)  # the tests may run as root, who may read all
    with pytest.raises(SourceError) as caught:
        sources.fetch(str(tmp_path / "mine.csv"), tmp_path)
    assert caught.value.code == "local_file_unreadable"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "source_is_empty"),
        (b"<html>", "source_is_html"),
        (b"\x1f\x8b\x08\x00", "source_truncated"),
        (b"\x00\x01", "source_not_a_table"),
    ],
)
def test_a_local_file_is_looked_at_as_closely_as_a_fetched_one(tmp_path, content, code):
    (tmp_path / "mine.csv").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        sources.fetch(str(tmp_path / "mine.csv"), tmp_path)
    assert caught.value.code == code


def test_addresses_and_paths_are_gathered_in_order(publisher, tmp_path):
    publisher.content = TABLE
    (tmp_path / "mine.csv").write_bytes(TABLE)
    wanted = [publisher.url + "/a/f.csv", str(tmp_path / "mine.csv"), publisher.url + "/b/f.csv"]
    found = sources.gather(wanted, tmp_path / "raw", options=QUICK)
    assert [(file.source, file.status) for file in found] == list(
        zip(wanted, ("downloaded", "local", "downloaded"), strict=True)
    )
    assert len({file.path for file in found}) == 3


def test_one_source_that_fails_fails_the_gathering_by_name(publisher, tmp_path):
    publisher.content = TABLE
    publisher.plan.extend(["serve", "not_found"])
    with pytest.raises(SourceError, match=r"second\.csv"):
        sources.gather([publisher.url + "/first.csv", publisher.url + "/second.csv"], tmp_path, options=QUICK)


def test_no_source_at_all_is_told(tmp_path):
    with pytest.raises(SourceError) as caught:
        sources.gather((), tmp_path)
    assert caught.value.code == "no_source"


def test_dropped_files_are_found_by_name_in_order(tmp_path):
    for name in ("b.xlsx", "a.csv.gz", "C.CSV", "notes.txt", "c.zip", "~$b.xlsx", "._b.xlsx", ".hidden.csv"):
        (tmp_path / name).touch()
    (tmp_path / "folder.csv").mkdir()
    assert [path.name for path in sources.dropped_files(tmp_path)] == ["C.CSV", "a.csv.gz", "b.xlsx", "c.zip"]
    assert sources.dropped_files(tmp_path / "none") == []


def test_an_address_that_answers_with_a_table_is_reachable(publisher):
    publisher.content = TABLE * 10_000
    assert sources.reachable(publisher.url + "/f.csv", 2)
    assert publisher.requests[-1][1]["Range"] == "bytes=0-4095"


@pytest.mark.parametrize(
    "trouble",
    ["not_found", "server_error", "hang_up", "html", "message", "empty", "stall", "redirect_to_file", "circle"],
)
def test_an_address_that_answers_otherwise_is_not(publisher, trouble):
    publisher.content = TABLE
    publisher.plan.append(trouble)
    assert not sources.reachable(publisher.url + "/f.csv", 0.3)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/f.csv", "ftp://127.0.0.1/f.csv", "http://[bad/f.csv", "http://", "nonsense"]
)
def test_nobody_and_nonsense_are_not_reachable(url):
    assert not sources.reachable(url, 0.3)


def test_asking_takes_no_longer_than_said_even_where_the_look_up_of_the_name_hangs(monkeypatch):
    import threading

    hanging = threading.Event()
    monkeypatch.setattr(sources, "_ask_for_head", lambda *args: hanging.wait(30))
    assert not sources.reachable("http://slow.example/f.csv", 0.05)
    hanging.set()


def test_the_published_addresses_are_complete_and_can_be_kept_apart(tmp_path):
    listed = sources_catalogue.PUBLISHED_INCIDENT_SOURCES + sources_catalogue.PUBLISHED_MOBILISATION_SOURCES
    assert all(url.startswith("https://data.london.gov.uk/download/") and " " not in url for url in listed)
    assert len({sources.place_of(url, tmp_path) for url in listed}) == len(listed) == 4


def test_the_catalogue_of_addresses_is_light_enough_for_settings():
    code = "import sys, pipeline.sources_catalogue; print(sorted({'pandas', 'requests', 'django', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Downloads against a publisher that misbehaves; the last good file always survives."""

import gzip

import pytest

from pipeline.core.errors import SourceError
from pipeline.storage import sources
from pipeline.storage.sources import DownloadOptions

QUICK = DownloadOptions(connect_timeout=1, read_timeout=0.3, retries=1, backoff=0.0)
OLD, NEW = b"IncidentNumber,DateOfCall\n1,2023-01-01\n", b"IncidentNumber,DateOfCall\n" + b"2,2023-01-02\n" * 80_000


@pytest.fixture()
def fetch(publisher, tmp_path):
    publisher.content = NEW

    def _fetch(path="/data/file.csv", options=QUICK, **kwargs):
        return sources.fetch(publisher.url + path, tmp_path / "raw", options=options, **kwargs)

    return _fetch


def test_a_file_arrives_whole_with_its_figures(fetch):
    steps = []
    file = fetch(progress=lambda stage, done, total=None: steps.append((done, total)))
    assert file.path.read_bytes() == NEW
    assert (file.status, file.expected_bytes, file.downloaded_bytes) == ("downloaded", len(NEW), len(NEW))
    assert steps[-1] == (len(NEW), len(NEW))


def test_an_unchanged_file_is_not_fetched_again(fetch, publisher):
    fetch()
    again = fetch()
    assert (again.status, again.downloaded_bytes) == ("unchanged", 0)
    assert again.path.read_bytes() == NEW


def test_a_changed_file_replaces_the_old_one(fetch, publisher):
    publisher.content = OLD
    fetch()
    publisher.content = NEW
    assert fetch().path.read_bytes() == NEW


def test_a_broken_transfer_goes_on_where_it_stopped(fetch, publisher):
    publisher.plan.extend(["break_off"])
    file = fetch()
    assert file.status == "resumed"
    went_on_at = int(publisher.requests[-1][1]["Range"].removeprefix("bytes=").rstrip("-"))
    assert len(NEW) // 2 - QUICK.piece_bytes <= went_on_at <= len(NEW) // 2
    assert file.path.read_bytes() == NEW


def test_a_part_left_by_a_killed_process_is_gone_on_with(fetch, publisher):
    publisher.plan.extend(["break_off", "break_off"])
    with pytest.raises(SourceError):
        fetch()
    file = fetch()
    assert file.status == "resumed"
    assert file.path.read_bytes() == NEW


def test_a_file_that_changed_in_between_is_fetched_from_the_start(fetch, publisher):
    publisher.plan.extend(["break_off", "break_off"])
    with pytest.raises(SourceError):
        fetch()
    publisher.content = OLD
    assert fetch().path.read_bytes() == OLD


def test_a_publisher_without_ranges_sends_the_whole_again(fetch, publisher):
    publisher.ranges = False
    publisher.plan.extend(["break_off"])
    file = fetch()
    assert file.status == "downloaded"
    assert file.path.read_bytes() == NEW


def test_redirects_are_followed(fetch, publisher):
    publisher.plan.extend(["redirect"])
    assert fetch().path.read_bytes() == NEW


@pytest.mark.parametrize("trouble", ["server_error", "busy", "stall"])
def test_passing_trouble_is_tried_again(fetch, publisher, trouble):
    publisher.plan.extend([trouble])
    assert fetch().path.read_bytes() == NEW


FAULTS = {
    "not_found": "source_not_found",
    "forbidden": "source_forbidden",
    "server_error": "source_server_error",
    "busy": "source_server_error",
    "html": "source_is_html",
    "empty": "source_is_empty",
    "break_off": "source_truncated",
    "stall": "source_timeout",
    "redirect_to_file": "source_not_allowed",
    "circle": "source_redirects",
}


@pytest.mark.parametrize(("fault", "code"), FAULTS.items())
def test_each_fault_has_its_code_and_the_last_good_file_stays(fetch, publisher, fault, code):
    publisher.content = OLD
    good = fetch()
    publisher.content = NEW
    publisher.plan.extend([fault] * 8)
    with pytest.raises(SourceError) as caught:
        fetch()
    assert caught.value.code == code
    assert caught.value.hint
    assert good.path.read_bytes() == OLD


def test_a_packed_file_cut_short_at_the_publisher_is_refused(fetch, publisher):
    publisher.content = gzip.compress(NEW)[:-20]
    with pytest.raises(SourceError) as caught:
        fetch("/data/file.csv.gz")
    assert caught.value.code == "source_truncated"


def test_a_file_beyond_the_limit_is_refused(fetch):
    with pytest.raises(SourceError) as caught:
        fetch(options=DownloadOptions(max_bytes=1_000, retries=0))
    assert caught.value.code == "source_too_large"


def test_nobody_listening_is_told(tmp_path):
    with pytest.raises(SourceError) as caught:
        sources.fetch("http://127.0.0.1:9/file.csv", tmp_path, options=QUICK)
    assert caught.value.code == "source_unreachable"


def test_another_scheme_is_refused(tmp_path):
    with pytest.raises(SourceError) as caught:
        sources.fetch("ftp://127.0.0.1/file.csv", tmp_path)
    assert caught.value.code == "source_not_allowed"


def test_passwords_in_addresses_are_never_shown(fetch, publisher):
    publisher.plan.extend(["not_found"])
    address = publisher.url.replace("http://", "http://user:secret@")
    with pytest.raises(SourceError) as caught:
        sources.fetch(address + "/file.csv", fetch().path.parent, options=QUICK)
    assert "secret" not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    "path", ["/a/%2e%2e%2f%2e%2e%2fevil.csv", "/a/..%5c..%5cevil.csv", "/", "/a/" + "x" * 300, "/é%00.csv"]
)
def test_no_address_writes_outside_its_folder(tmp_path, path):
    place = sources.place_of(f"http://127.0.0.1{path}", tmp_path)
    assert place.parent == tmp_path
    assert place.name.isascii()
    assert len(place.name) < 100


def test_equal_names_at_two_addresses_do_not_collide(tmp_path):
    assert sources.place_of("http://a/f.csv", tmp_path) != sources.place_of("http://b/f.csv", tmp_path)


def test_a_local_file_is_used_in_place(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(OLD)
    file = sources.fetch(str(path), tmp_path / "raw")
    assert (file.path, file.status, file.downloaded_bytes) == (path, "local", 0)


def test_a_missing_local_file_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"gone\.csv") as caught:
        sources.fetch(str(tmp_path / "gone.csv"), tmp_path)
    assert caught.value.code == "local_file_missing"


def test_no_source_at_all_is_told(tmp_path):
    with pytest.raises(SourceError) as caught:
        sources.gather((), tmp_path)
    assert caught.value.code == "no_source"


def test_reachable_answers_for_a_living_and_a_dead_publisher(publisher):
    publisher.content = NEW
    assert sources.reachable(publisher.url + "/f.csv", 1)
    publisher.plan.extend(["not_found"])
    assert not sources.reachable(publisher.url + "/f.csv", 1)
    assert not sources.reachable("http://127.0.0.1:9/f.csv", 1)


def test_dropped_files_are_found_by_name_in_order(tmp_path):
    for name in ("b.xlsx", "a.csv.gz", "notes.txt", "c.zip"):
        (tmp_path / name).touch()
    assert [path.name for path in sources.dropped_files(tmp_path)] == ["a.csv.gz", "b.xlsx", "c.zip"]
    assert sources.dropped_files(tmp_path / "none") == []

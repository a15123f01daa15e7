"""Downloads against a publisher that misbehaves; the last good file always survives."""

import errno
import gzip
import hashlib
import logging
import os
import shutil
import signal
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3

from pipeline.core.errors import SourceError
from pipeline.core.progress import silent
from pipeline.storage import downloads, sources
from pipeline.storage.downloads import DownloadOptions

QUICK = DownloadOptions(connect_timeout=1, read_timeout=0.3, retries=1, backoff=0.0, worthwhile_bytes=10**9)
OLD, NEW = b"IncidentNumber,DateOfCall\n1,2023-01-01\n", b"IncidentNumber,DateOfCall\n" + b"2,2023-01-02\n" * 20_000
MONDAY, TUESDAY = "Mon, 02 Jan 2023 10:00:00 GMT", "Tue, 03 Jan 2023 10:00:00 GMT"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "raw"


@pytest.fixture
def fetch(publisher, folder):
    publisher.content = NEW

    def _fetch(path="/data/file.csv", options=QUICK, progress=silent):
        return sources.fetch(publisher.url + path, folder, options=options, progress=progress)

    return _fetch


@pytest.fixture
def cut_off(fetch, publisher):
    """A download that ended with half of the file at hand."""
    publisher.plan.extend(["break_off", "hang_up"])
    with pytest.raises(SourceError):
        fetch()
    publisher.requests.clear()


def asked(publisher, header):
    return publisher.requests[-1][1].get(header)


# A good day.


def test_a_file_arrives_whole_with_its_figures(fetch):
    steps = []
    file = fetch(progress=lambda stage, done, total=None: steps.append((stage, done, total)))
    assert file.path.read_bytes() == NEW
    assert (file.status, file.expected_bytes, file.downloaded_bytes) == ("downloaded", len(NEW), len(NEW))
    assert (file.bytes, file.sha256) == (len(NEW), hashlib.sha256(NEW).hexdigest())
    assert steps[-1] == ("download file.csv", len(NEW), len(NEW))
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)


def test_nothing_but_the_file_and_its_notes_stays(fetch, folder):
    path = fetch().path
    assert {found.name for found in folder.iterdir()} == {path.name, path.name + ".meta.json"}


@pytest.mark.parametrize(("has_etag", "last_modified"), [(True, ""), (False, MONDAY), (True, MONDAY)])
def test_an_unchanged_file_is_not_fetched_again(fetch, publisher, has_etag, last_modified):
    publisher.has_etag, publisher.last_modified = has_etag, last_modified
    first, again = fetch(), fetch()
    assert (again.status, again.downloaded_bytes, again.expected_bytes) == ("unchanged", 0, len(NEW))
    assert (again.path, again.sha256) == (first.path, first.sha256)


def test_a_publisher_who_tells_no_version_is_asked_for_the_file_each_time(fetch, publisher):
    publisher.has_etag = False
    assert [fetch().status, fetch().status] == ["downloaded", "downloaded"]


def test_a_changed_file_replaces_the_old_one(fetch, publisher):
    publisher.content = OLD
    fetch()
    publisher.content = NEW
    assert fetch().path.read_bytes() == NEW


def test_a_copy_that_somebody_changed_is_fetched_again(fetch):
    fetch().path.write_bytes(OLD)
    again = fetch()
    assert again.status == "downloaded"
    assert again.path.read_bytes() == NEW


@pytest.mark.parametrize("notes", ["", "{", "[]", '{"sha256": 5}'])
def test_notes_that_make_no_sense_are_done_without(fetch, folder, notes):
    path = fetch().path
    path.with_name(path.name + ".meta.json").write_text(notes)
    assert fetch().status == "downloaded"


def test_a_body_of_unknown_length_arrives(fetch, publisher):
    publisher.plan.append("chunked")
    file = fetch()
    assert file.path.read_bytes() == NEW
    assert (file.expected_bytes, file.downloaded_bytes) == (0, len(NEW))


def test_a_body_packed_for_the_way_is_unpacked(fetch, publisher):
    publisher.packs = True
    file = fetch()
    assert file.path.read_bytes() == NEW
    assert file.downloaded_bytes == file.expected_bytes == len(publisher.body()) < len(NEW)
    assert fetch().status == "unchanged"


def test_a_body_packed_for_the_way_is_gone_on_with(fetch, publisher, folder):
    publisher.packs = True
    publisher.plan.append("break_off")
    file = fetch()
    assert (file.status, file.path.read_bytes()) == ("resumed", NEW)
    assert file.downloaded_bytes == len(publisher.body())
    assert not list(folder.glob("*.unpacked"))


def test_a_packed_file_is_kept_packed(fetch, publisher):
    publisher.content = gzip.compress(NEW)
    assert fetch("/data/file.csv.gz").path.read_bytes() == publisher.content


def test_redirects_are_followed(fetch, publisher):
    publisher.plan.append("redirect")
    assert fetch().path.read_bytes() == NEW
    assert publisher.requests[-1][0] == "/moved/file.csv"


# The line breaks.


@pytest.mark.parametrize("trouble", ["break_off", "stall_in_body"])
def test_a_broken_transfer_goes_on_where_it_stopped(fetch, publisher, trouble):
    publisher.plan.append(trouble)
    file = fetch()
    assert (file.status, file.downloaded_bytes, file.expected_bytes) == ("resumed", len(NEW), len(NEW))
    assert asked(publisher, "Range") == f"bytes={len(NEW) // 2}-"
    assert file.path.read_bytes() == NEW


def test_the_next_start_goes_on_where_the_last_one_stopped(fetch, publisher, cut_off):
    file = fetch()
    assert (file.status, file.downloaded_bytes) == ("resumed", len(NEW) - len(NEW) // 2)
    assert file.path.read_bytes() == NEW
    assert len(publisher.requests) == 1


def test_a_file_without_tag_is_gone_on_with_by_its_date(fetch, publisher):
    publisher.has_etag, publisher.last_modified = False, MONDAY
    publisher.plan.append("break_off")
    assert fetch().status == "resumed"
    assert asked(publisher, "If-Range") == MONDAY


@pytest.mark.parametrize("tag", [{"has_etag": False}, {"has_weak_etag": True}])
def test_a_file_without_strong_tag_and_date_is_fetched_from_the_start(fetch, publisher, tag):
    vars(publisher).update(tag)
    publisher.plan.append("break_off")
    assert (fetch().status, asked(publisher, "Range")) == ("downloaded", None)


@pytest.mark.parametrize("heeds_if_range", [True, False])
@pytest.mark.parametrize("content", [OLD, NEW.replace(b"2023", b"2024"), NEW + NEW])
def test_a_file_that_changed_in_between_is_fetched_from_the_start(fetch, publisher, cut_off, content, heeds_if_range):
    publisher.content, publisher.heeds_if_range = content, heeds_if_range
    file = fetch()
    assert file.path.read_bytes() == content
    assert file.status == "downloaded"


def test_a_change_told_by_the_date_alone_is_seen_too(fetch, publisher):
    publisher.has_etag, publisher.last_modified = False, MONDAY
    publisher.plan.extend(["break_off", "hang_up"])
    with pytest.raises(SourceError):
        fetch()
    publisher.content, publisher.last_modified = NEW.replace(b"2023", b"2024"), TUESDAY
    publisher.heeds_if_range = False
    assert fetch().path.read_bytes() == publisher.content


def test_a_piece_from_the_wrong_place_is_not_put_in(fetch, publisher, cut_off):
    publisher.plan.append("wrong_piece")
    assert fetch().path.read_bytes() == NEW


def test_a_publisher_without_ranges_sends_the_whole_again(fetch, publisher):
    publisher.ranges = False
    publisher.plan.append("break_off")
    file = fetch()
    assert (file.status, file.path.read_bytes()) == ("downloaded", NEW)
    assert file.downloaded_bytes == len(NEW) // 2 + len(NEW)


def test_a_whole_file_that_a_killed_process_did_not_put_in_place_is_not_fetched_again(fetch, folder, publisher):
    path = fetch().path
    notes = path.with_name(path.name + ".meta.json")
    path.rename(path.with_name(path.name + ".part"))
    notes.write_text(
        '{"part_validator": "%s", "part_etag": "%s"}' % ((publisher.headers()["ETag"].replace('"', '\\"'),) * 2)
    )
    file = fetch()
    assert (file.status, file.downloaded_bytes) == ("resumed", 0)
    assert file.path.read_bytes() == NEW
    assert fetch().status == "unchanged"


@pytest.mark.parametrize("trouble", ["server_error", "busy", "hang_up", "stall", "chunked_break_off", "break_off"])
def test_passing_trouble_is_tried_again(fetch, publisher, trouble):
    publisher.plan.append(trouble)
    assert fetch().path.read_bytes() == NEW


def test_a_dead_line_is_tried_as_often_as_said_and_no_more(fetch, publisher):
    publisher.plan.extend(["hang_up"] * 50)
    with pytest.raises(SourceError):
        fetch(options=replace(QUICK, retries=3))
    assert len(publisher.requests) == 4


def test_a_line_that_breaks_often_yet_gets_on_is_not_given_up(fetch, publisher):
    publisher.plan.extend(["break_off"] * 6)
    file = fetch(options=replace(QUICK, retries=0, worthwhile_bytes=1_000))
    assert file.path.read_bytes() == NEW
    assert file.downloaded_bytes == len(NEW)


def test_pauses_between_tries_grow_and_differ(fetch, publisher, monkeypatch):
    pauses = []
    monkeypatch.setattr(downloads.time, "sleep", pauses.append)
    publisher.plan.extend(["hang_up"] * 4)
    fetch(options=replace(QUICK, retries=4, backoff=2.0))
    assert all(base <= pause <= base + 2.0 for base, pause in zip((2, 4, 8, 16), pauses, strict=True))
    assert len({pause % 1 for pause in pauses}) > 1


# The last good file survives every fault, and each fault has its own code.

FAULTS = {
    "not_found": "source_not_found",
    "forbidden": "source_forbidden",
    "server_error": "source_server_error",
    "busy": "source_busy",
    "teapot": "source_unexpected_answer",
    "odd_packing": "source_unexpected_answer",
    "html": "source_is_html",
    "message": "source_not_a_table",
    "empty": "source_is_empty",
    "break_off": "source_truncated",
    "chunked_break_off": "source_truncated",
    "hang_up": "source_unreachable",
    "stall": "source_timeout",
    "stall_in_body": "source_timeout",
    "drip": "source_timeout",
    "redirect_to_file": "source_not_allowed",
    "redirect_to_ftp": "source_not_allowed",
    "circle": "source_redirects",
}


@pytest.mark.parametrize(("fault", "code"), FAULTS.items())
def test_each_fault_has_its_code_and_the_last_good_file_stays(fetch, publisher, fault, code):
    publisher.content = OLD
    good = fetch()
    publisher.content = NEW
    publisher.plan.extend([fault] * 8)
    with pytest.raises(SourceError) as caught:
        fetch(options=replace(QUICK, stall_seconds=0.1))
    assert caught.value.code == code
    assert publisher.url in caught.value.message
    assert caught.value.hint
    assert good.path.read_bytes() == OLD
    publisher.plan.clear()
    assert fetch().path.read_bytes() == NEW


def test_an_address_that_is_gone_says_where_to_look_and_what_to_set(fetch, publisher):
    publisher.plan.append("not_found")
    with pytest.raises(SourceError) as caught:
        fetch()
    for word in ("https://data.london.gov.uk/dataset/", "LFB_INCIDENT_SOURCES", "LFB_MOBILISATION_SOURCES"):
        assert word in caught.value.hint


@pytest.mark.parametrize("packed", [gzip.compress(NEW)[:-20], b"PK\x03\x04" + b"xl/workbook" * 50])
def test_a_file_cut_short_at_the_publisher_is_refused(fetch, publisher, packed):
    good = fetch()
    publisher.content = packed
    with pytest.raises(SourceError) as caught:
        fetch()
    assert caught.value.code == "source_truncated"
    assert good.path.read_bytes() == NEW


@pytest.mark.parametrize("behaviour", ["serve", "chunked"])
def test_a_file_beyond_the_limit_is_refused(fetch, publisher, folder, behaviour):
    publisher.plan.append(behaviour)
    with pytest.raises(SourceError) as caught:
        fetch(options=replace(QUICK, max_bytes=1_000))
    assert caught.value.code == "source_too_large"
    assert not list(folder.glob("*.part"))


def test_too_little_room_is_told_before_the_disk_is_full(fetch, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1_000))
    with pytest.raises(SourceError) as caught:
        fetch()
    assert caught.value.code == "source_no_space"


def test_a_disk_that_fills_up_is_told_and_leaves_the_last_good_file(fetch, publisher, monkeypatch):
    publisher.content = OLD
    good = fetch()
    publisher.content = NEW

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(downloads.os, "fsync", full)
    with pytest.raises(SourceError) as caught:
        fetch()
    assert caught.value.code == "source_no_space"
    assert good.path.read_bytes() == OLD


def test_nobody_listening_is_told_after_as_many_tries_as_said(folder, monkeypatch):
    tries = []
    connect = urllib3.util.connection.create_connection
    monkeypatch.setattr(
        urllib3.util.connection,
        "create_connection",
        lambda *args, **kwargs: tries.append(args) or connect(*args, **kwargs),
    )
    with pytest.raises(SourceError) as caught:
        sources.fetch("http://127.0.0.1:9/file.csv", folder, options=replace(QUICK, retries=2))
    assert caught.value.code == "source_unreachable"
    assert len(tries) == 3


def test_a_certificate_that_is_not_trusted_is_told_at_once(fetch, publisher, folder):
    with pytest.raises(SourceError) as caught:
        sources.fetch(publisher.url.replace("http:", "https:") + "/file.csv", folder, options=QUICK)
    assert caught.value.code == "source_not_trusted"
    assert "REQUESTS_CA_BUNDLE" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/x.csv",
        "file:///etc/hosts",
        "http://",
        "http:///x.csv",
        "http://[bad/x.csv",
        "http://a:b/x.csv",
        "://x",
    ],
)
def test_what_is_no_web_address_is_refused(folder, url):
    with pytest.raises(SourceError) as caught:
        sources.fetch(url, folder)
    assert caught.value.code == "source_not_allowed"
    assert "http://" in caught.value.hint
    assert not folder.exists()


def test_a_kill_at_any_step_leaves_a_whole_file_and_a_way_on(fetch, publisher, folder):
    publisher.content = OLD
    path = fetch().path
    steps = ("replace", "unlink", "write_text", "open")
    for step in range(1, 60):
        shutil.rmtree(folder)
        publisher.content = OLD
        fetch()
        publisher.content = NEW
        child = os.fork()
        if child == 0:
            _die_at(step, steps, fetch)
        if os.waitpid(child, 0)[1] != signal.SIGKILL:
            break
        assert path.read_bytes() in (OLD, NEW), f"a broken file after step {step}"
        assert fetch().path.read_bytes() == NEW, f"no way on after step {step}"
        assert fetch().status == "unchanged"
    assert 5 < step < 59


def _die_at(step, names, work):
    count = iter(range(1, 1_000))

    def wrapped(function):
        def inner(*args, **kwargs):
            if next(count) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return inner

    try:
        for name in names:
            setattr(Path, name, wrapped(getattr(Path, name)))
        work()
    finally:
        os._exit(0)


# Names and secrets.


@pytest.mark.parametrize(
    "trouble", ["not_found", "hang_up", "html", "serve", "redirect_to_file", "circle", "odd_packing"]
)
def test_secrets_in_addresses_are_never_shown(publisher, folder, trouble, caplog, request):
    logger = logging.getLogger("pipeline")  # it does not pass on to the root, where caplog listens
    logger.addHandler(caplog.handler)
    request.addfinalizer(lambda: logger.removeHandler(caplog.handler))
    publisher.content = NEW
    publisher.plan.extend([trouble] * 3)
    url = publisher.url.replace("http://", "http://user:hunter2@") + "/file.csv?access_token=hunter2&edition=2023"
    try:
        told = repr(sources.fetch(url, folder, options=QUICK))
    except SourceError as error:
        told = str(error.as_dict())
    assert "edition=2023" in told
    assert ("Next try" in caplog.text) == (trouble == "hang_up")
    assert "hunter2" not in told + caplog.text + "".join(path.name for path in folder.iterdir())
    assert all("hunter2" not in path.read_text() for path in folder.glob("*.json"))


@pytest.mark.parametrize(
    "url",
    ["http://user:hunter2@", "http://user:hunter2@[bad", "http://user:hunter2@host:port/x", "ftp://u:hunter2@h/x"],
)
def test_secrets_in_addresses_that_make_no_sense_are_never_shown(folder, url):
    with pytest.raises(SourceError) as caught:
        sources.fetch(url, folder)
    assert "hunter2" not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    "path",
    [
        "/a/%2e%2e%2f%2e%2e%2fevil.csv",
        "/a/..%5c..%5cevil.csv",
        "/",
        "/..",
        "/a/" + "x" * 300,
        "/é%00.csv",
        "/.hidden",
        "/a%0Ab",
    ],
)
def test_no_address_writes_outside_its_folder(tmp_path, path):
    place = downloads.place_of(f"http://127.0.0.1{path}", tmp_path)
    assert place.parent == tmp_path
    assert place.name.isascii()
    assert place.name.isprintable()
    assert len(place.name) < 100


def test_the_name_of_a_file_can_be_recognised(tmp_path):
    assert downloads.place_of("http://a/LFB%20Incident%20data.csv?x=1", tmp_path).name.endswith(
        "-LFB_Incident_data.csv"
    )


@pytest.mark.parametrize("other", ["http://b/f.csv", "http://a/g/f.csv", "http://a/f.csv?v=2"])
def test_equal_names_at_two_addresses_do_not_collide(tmp_path, other):
    assert downloads.place_of("http://a/f.csv", tmp_path) != downloads.place_of(other, tmp_path)

"""Settings from the environment: understood, or refused with the allowed values."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from lfb_site import environment as env

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("no", False), ("", False)]
)
def test_booleans_are_understood(monkeypatch, text, value):
    monkeypatch.setenv("X", text)
    assert env.boolean("X", default=not value) is value


def test_the_first_spelling_that_is_set_counts(monkeypatch):
    monkeypatch.setenv("OLD", "1")
    assert env.boolean("NEW", "OLD", default=False) is True


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (lambda: env.boolean("X", default=True), "maybe", "true"),
        (lambda: env.number("X", 1, low=0, high=1), "2", "from 0 to 1"),
        (lambda: env.number("X", 1, low=0, high=1), "nan", "from 0 to 1"),
        (lambda: env.integer("X", 1, low=0, high=9), "1.5", "whole number"),
        (lambda: env.choice("X", "a", ("a", "b")), "c", "a, b"),
        (lambda: env.years("X"), "2022,soon", "years from 2009"),
        (lambda: env.years("X"), "1999", "years from 2009"),
        (lambda: env.band("X", (5, 35), most=300), "35,5", "lower number first"),
        (lambda: env.band("X", (5, 35), most=300), "5", "two numbers"),
        (lambda: env.band("X", (5, 35), most=300), "5,inf", "up to 300"),
        (lambda: env.standards("X"), "{}", "JSON"),
        (lambda: env.standards("X"), "[1]", "JSON"),
        (lambda: env.standards("X"), '{"first": {"mean_seconds": 360}}', "JSON"),
        (lambda: env.database("X", Path("db")), "mysql://localhost/x", "postgres"),
        (lambda: env.database("X", Path("db")), "postgres://localhost:5432", "/NAME"),
        (lambda: env.database("X", Path("db")), "sqlite:///", "sqlite:///FILE"),
        (lambda: env.tracking_uri("X", Path("db")), "file:///mlruns", "sqlite:///FILE"),
        (lambda: env.tracking_uri("X", Path("db")), "http://", "http://HOST:PORT"),
        (lambda: env.broker("X", Path("folder")), "redis://queue:6379/first", "a database's number"),
        (lambda: env.broker("X", Path("folder")), "redis://", "redis://HOST:PORT/0"),
        (lambda: env.web_address("X"), "https://a.example; script-src *", "http://HOST:PORT"),
        (lambda: env.web_address("X", ""), "localhost:9091", "http://HOST:PORT"),
        (lambda: env.web_address("X", ""), "http://host:port", "http://HOST:PORT"),
        (lambda: env.networks("X", ()), "127.0.0.1,the office", "10.0.0.0/8"),
        (lambda: env.networks("X", ()), "10.0.0.1/8", "10.0.0.0/8"),
        (lambda: env.host_and_port("X"), "9101", "ADDRESS:PORT"),
        (lambda: env.host_and_port("X"), "127.0.0.1:99999", "ADDRESS:PORT"),
        (lambda: env.made_folder("X"), "/dev/null/counts", "folder"),
    ],
)
def test_a_wrong_value_is_refused_and_what_is_allowed_is_named(monkeypatch, read, text, words):
    monkeypatch.setenv("X", text)
    with pytest.raises(ImproperlyConfigured, match="X=") as caught:
        read()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "read",
    [
        lambda: env.database("X", Path("db")),
        lambda: env.tracking_uri("X", Path("db")),
        lambda: env.broker("X", Path("folder")),
        lambda: env.web_address("X"),
    ],
)
@pytest.mark.parametrize(
    "text",
    ["ftp://user:hunter2@host/x", "user:hunter2@host/x", ":hunter2@host:6379", "{}://user:hunter2@host:port/x", "{}://user:hun/ter2@host:1/x"],
)  # fmt: skip
def test_a_refused_address_does_not_show_its_password(monkeypatch, read, text):
    for scheme in ("postgres", "http", "redis"):
        monkeypatch.setenv("X", text.format(scheme))
        with pytest.raises(ImproperlyConfigured) as caught:
            read()
        assert "hun" not in str(caught.value)


def test_lists_years_and_bands_are_understood(monkeypatch):
    monkeypatch.setenv("X", " 2023, 2022,2023 ")
    assert env.items("X") == ("2023", "2022", "2023")
    assert env.years("X") == (2022, 2023)
    monkeypatch.setenv("X", "4.5,40")
    assert env.band("X", (5, 35), most=300) == (4.5, 40.0)


def test_nothing_set_gives_the_default(monkeypatch):
    monkeypatch.delenv("X", raising=False)
    assert env.years("X") == ()
    assert env.band("X", (5, 35), most=300) == (5.0, 35.0)
    assert env.standards("X")["first"] == {"mean_seconds": 360, "within_seconds": 600, "within_share": 0.9}


def test_a_database_address_becomes_a_database(monkeypatch):
    monkeypatch.setenv("X", "postgres://user:w;o,r%2Fd@db:5432/lfb")
    found = env.database("X", Path("db"))
    assert found["PASSWORD"] == "w;o,r/d"
    assert found["OPTIONS"] == {"connect_timeout": 5, "tcp_user_timeout": 15_000}
    monkeypatch.setenv("X", "postgres://db/lfb?connect_timeout=2&sslmode=require")
    options = env.database("X", Path("db"))["OPTIONS"]
    assert (options["connect_timeout"], options["sslmode"], options["tcp_user_timeout"]) == (2, "require", 15_000)
    assert (found["ENGINE"], found["HOST"], found["NAME"]) == ("django.db.backends.postgresql", "db", "lfb")
    monkeypatch.delenv("X")
    assert "journal_mode=WAL" in env.database("X", Path("db"))["OPTIONS"]["init_command"]


def test_the_key_is_made_once_and_kept_from_others(monkeypatch, tmp_path):
    monkeypatch.delenv("X", raising=False)
    first, again = (env.secret_key("X", tmp_path / "key") for _ in range(2))
    assert first == again
    assert len(first[0]) > 50
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    monkeypatch.setenv("X", "given")
    assert env.secret_key("X", tmp_path / "key") == ("given", False)


def test_processes_that_start_at_once_share_one_whole_key(monkeypatch, tmp_path):
    monkeypatch.delenv("X", raising=False)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: env.secret_key("X", tmp_path / "key")[0], range(64)))
    assert len(keys) == 1
    assert len(keys.pop()) > 60
    assert [path.name for path in tmp_path.glob("key*")] == ["key"]


def test_a_key_that_cannot_be_kept_says_where_it_was_to_be(monkeypatch):
    monkeypatch.delenv("X", raising=False)
    with pytest.raises(ImproperlyConfigured, match=r"LFB_DATA_DIR.*/dev/null/data: Not a directory"):
        env.secret_key("X", Path("/dev/null/data/.secret_key"))


@pytest.mark.parametrize(
    "url",
    ["redis://:word@queue:6379/0", "redis://queue", "rediss://queue:6379?db=1", "unix:///run/valkey.sock?db=0"],
)
def test_an_address_of_the_queue_is_taken_as_it_is(monkeypatch, url):
    monkeypatch.setenv("X", url)
    address, is_own = env.broker("X", Path("folder"))
    assert (address.startswith(url), is_own) == (True, False)


@pytest.mark.parametrize("text", ["", " "])
def test_nothing_in_a_setting_is_as_no_setting(monkeypatch, text):
    monkeypatch.setenv("X", text)
    assert env.band("X", (5, 35), most=300) == (5.0, 35.0)
    assert env.web_address("X", "http://gateway:9091") == "http://gateway:9091"


def test_a_wrong_setting_stops_the_start(tmp_path):
    changed = {
        **os.environ,
        "LFB_DATA_DIR": str(tmp_path),
        "LFB_YEARS": "last year",
        "DJANGO_SETTINGS_MODULE": "lfb_site.settings",
    }
    done = subprocess.run([sys.executable, "manage.py", "check"], cwd=ROOT, env=changed, capture_output=True, text=True)
    assert done.returncode != 0
    assert "LFB_YEARS='last year'" in done.stderr


def test_a_folder_is_made_where_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("X", str(tmp_path / "a" / "b"))
    assert env.made_folder("X") == str(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    monkeypatch.delenv("X")
    assert env.made_folder("X") == ""

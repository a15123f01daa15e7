"""Log lines: the promised format, no secret, no forged line."""

import json
import logging
import sys

import pytest

from pipeline import log_lines
from pipeline.log_lines import JSONFormatter, LineFormatter, hide_always, hide_secrets


def record(message, *args, exc_info=None, **more):
    made = logging.LogRecord("pipeline.test", logging.WARNING, __file__, 1, message, args, exc_info)
    vars(made).update(more)
    return made


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic dXNlcjpodW50ZXIyaHVudGVyMg==",
        "{'Authorization': 'Bearer hunter2hunter2', 'Accept': '*/*'}",
        '"authorization": "Token hunter2hunter2"',
        "sent Bearer hunter2hunter2 along",
        "https://planner:hunter2@data.london.gov.uk/file.csv",
        "redis://:hunter2@localhost:6379/0",
        "postgres://lfb:hunter2@db/lfb",
        "password=hunter2",
        "password: 'hunter2 hunter2'",
        '{"new_password": "hunter2", "station": "Acton"}',
        "GET /x?station=Acton&token=hunter2&y=1",
        "DJANGO_SECRET_KEY=hunter2",
        "Cookie: sessionid=hunter2; theme=dark",
        "api_key = hunter2",
    ],
)
def test_secrets_are_hidden(text):
    assert "hunter2" not in hide_secrets(text)
    assert "dXNlcjpo" not in hide_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        "key 4 of 7: the station is Acton",
        "https://data.london.gov.uk/download/lfb.csv?year=2023",
        "12 basic checks passed, 1 secret kept",
        "mail to planner@london-fire.gov.uk",
        "a token has expired",
    ],
)
def test_what_is_no_secret_stays(text):
    assert hide_secrets(text) == text


def test_what_is_around_a_secret_stays():
    assert hide_secrets("GET /x?token=abc&station=Acton") == "GET /x?token=***&station=Acton"


def test_known_values_are_hidden_wherever_they_stand(monkeypatch):
    monkeypatch.setattr(log_lines, "_known_secrets", set())
    hide_always(["correct horse", "abc", ""])
    assert hide_secrets("said correct horse to abc") == "said *** to abc"


def test_the_format_is_the_promised_one():
    made = record("%d rows", 5)
    expected = logging.Formatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s").format(made)
    assert LineFormatter().format(made) == expected


def test_no_input_can_forge_a_line_or_speak_to_the_terminal():
    forged = "x\n2026-01-01 00:00:00,000 - pipeline - INFO - all is well\r\x1b[2J\u2028y"
    text = LineFormatter().format(record("station %s", forged))
    assert text.splitlines()[1].startswith("  2026-01-01")
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text


def test_a_traceback_follows_indented_and_without_secrets():
    try:
        raise OSError("https://me:hunter2@host/")
    except OSError:
        text = LineFormatter().format(record("failed", exc_info=sys.exc_info()))
    first, *rest = text.splitlines()
    assert first.endswith("- WARNING - failed")
    assert all(line.startswith("  ") for line in rest)
    assert rest[-1] == "  OSError: https://***@host/"


def test_json_lines_carry_run_step_and_user():
    made = record("took %s\nsecond line", "token=abc", component="train_model", run=7, step="train_model", user="ada")
    text = JSONFormatter().format(made)
    found = json.loads(text)
    assert "\n" not in text
    assert found["time"].endswith("+00:00")
    assert {name: found[name] for name in ("name", "level", "message", "component", "run", "step", "user")} == {
        "name": "pipeline.test", "level": "WARNING", "message": "took token=***\nsecond line",
        "component": "train_model", "run": 7, "step": "train_model", "user": "ada",
    }  # fmt: skip

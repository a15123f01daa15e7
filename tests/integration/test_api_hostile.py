"""Hostile input: always an answer of the 400 family in the one shape, and nothing written."""

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.models import DatasetRun

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("LFB_TEST_FUZZ", "5"))


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".locks" not in path.parts
    }


def refused(answer) -> bool:
    body = answer.json()
    return 400 <= answer.status_code < 500 and set(body) == {"code", "message", "hint", "fields"}


PATHS = [
    "../evil.pkl", "/etc/passwd", "/etc/evil.pkl", "./models/../../evil.pkl", "models/../data/x.pkl", "a\0.pkl", "x" * 5_000 + ".pkl",
    "\u202egnp.pkl", "models/link/evil.pkl", "..\u2215evil.pkl/../../x.pkl", "~/evil.pkl\n", "", " ", "a.pkl/../../b.pkl", "//evil/x.pkl",
    "file:///etc/evil.pkl", "models/sub.pkl/",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["model_path", "ml_model_path", "encoder_path", "data_path"])
def test_paths_that_lead_elsewhere_are_refused_before_a_run_begins(roles, folders, name, path):
    outside = folders / "outside"
    outside.mkdir()
    (folders / "models" / "link").symlink_to(outside)
    before = contents(folders)
    answer = roles["administrator"].post("/train_model", {name: path}, format="json")
    assert refused(answer), answer.content
    assert not DatasetRun.objects.exists()
    assert contents(folders) == before


BODIES = [
    b"", b"{", b"[]", b"null", b"1", b'"x"', b'{"data_path": NaN}', b'{"data_path": 1e999}', b'{"data_path": {"a": []}}',
    b'{"data_path": ["x"]}', b'{"data_path": true}', b'{"data_path": "\\ud800.csv"}', b'{"other": 1}', b"\xff\xfe\x00", b"[" * 60_000,
    b'{"a":' * 10_000, b'{"data_path": ' + b"9" * 20_000 + b"}", b" " * 70_000, b'{"data_path": "' + b"x" * 70_000 + b'"}',
    b'{"data_path": "a.csv", "model_path": "a.pkl", "ml_model_path": "b.pkl"}', b'{"data_path": "data/a.csv", "data_path": "data/b.csv"}',
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_bodies_that_make_no_sense_are_refused(roles, body):
    if body == b"":
        body = b"{,}"
    for address in (
        "/train_model",
        "/api/v1/predictions",
        "/api/v1/runs",
        "/api/v1/tokens",
        "/api/v1/predictions/batch",
    ):
        answer = roles["administrator"].generic("POST", address, body, "application/json")
        assert refused(answer), (address, answer.status_code, answer.content[:200])
    assert not DatasetRun.objects.exists()


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "text/html; x"]
)
def test_bodies_of_another_kind_are_refused(roles, kind):
    answer = roles["administrator"].generic("POST", "/train_model", b"data_path=x.csv", kind)
    assert refused(answer)
    assert not DatasetRun.objects.exists()


@pytest.mark.parametrize("address", ["/train_model", "/api/v1/runs", "/api/v1/predictions", "/admin/login/"])
def test_a_body_in_chunks_is_not_taken_for_an_empty_one(roles, address):
    """The server behind WSGI knows no length then; a training with the usual files would begin."""
    answer = roles["administrator"].post(address, HTTP_TRANSFER_ENCODING="chunked")
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert refused(answer)
    assert not DatasetRun.objects.exists()


CSV_BODIES = [
    b"", b"a,b\n1,2\n", b"station,distance\n", b'station,distance\n"Acton', b"station,distance\n\0,1\n" * 2, b"\xff\xfe",
    b"station,distance\n" + b'"' + b"x" * 200_000 + b'",1\n',
]  # fmt: skip


@pytest.mark.parametrize("body", CSV_BODIES, ids=range(len(CSV_BODIES)))
def test_csv_that_makes_no_sense_is_refused_or_explained_row_by_row(roles, trained, body):
    answer = roles["standard"].generic("POST", "/api/v1/predictions/batch", body, "text/csv")
    assert answer.status_code == 400 or b"unknown_station" in answer.content


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (
            '{"rows": [{"station": "Acton", "distance": 1, "distance": 2}]}',
            "application/json",
            "“distance” more than once",
        ),
        ('{"rows": [{"station": "Acton", "distnce": 1}]}', "application/json", "Unknown name distnce"),
        ('{"rows": [{"station": "Acton", "distance": 1}], "kind": 1}', "application/json", "Unknown name kind"),
        ("station,distance,Distance\nActon,1,2\n", "text/csv", "two columns distance"),
        ("station,distance\nActon,1,,\nActon,1,2\n", "text/csv", "Row 2 of the CSV has more cells"),
    ],
)
def test_a_batch_in_which_something_would_be_passed_over_is_refused(roles, trained, body, kind, told):
    answer = roles["standard"].generic("POST", "/api/v1/predictions/batch", body, kind)
    assert refused(answer), answer.content
    assert told in answer.json()["message"]


def test_numbers_of_a_batch_are_read_as_those_of_one_question(roles, trained):
    rows = [{"station": "Acton", "distance": distance} for distance in (1, "1.0", "1_0", "٣", True)]
    answer = roles["standard"].post("/api/v1/predictions/batch", {"rows": rows}, format="json").json()
    assert [row["error"] for row in answer["rows"]] == ["", "", *["invalid_distance"] * 3]


def test_a_body_beyond_every_limit_is_refused(roles):
    answer = roles["standard"].generic("POST", "/api/v1/predictions/batch", b"x" * (25 * 1024 * 1024), "text/csv")
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


QUESTIONS = [
    "distance=nan&station=Acton", "distance=inf&station=Acton", "distance=1e308&station=Acton", "distance=-1&station=Acton",
    "distance=1e999&station=Acton", "distance=&station=Acton", "distance=1", "station=Acton", "distance=1&station=",
    "distance=1&station=%00", "distance=1&station=Acton%0d%0aSet-Cookie:%20a=b", "distance=1&station='%20OR%201=1--",
    "distance=1&station=%ff%fe", "distance=1&station=" + "A" * 5_000, "distance=1;drop&station=Acton", "distance=" + "9" * 5_000 + "&station=Acton",
    "station=Acton&latitude=51.5", "station=Acton&latitude=nan&longitude=nan", "station=Acton&latitude=1e308&longitude=1e308",
    "station=Acton&easting=1e308&northing=-1e308", "station=Acton&latitude=0&longitude=0", "distance=1&station=Acton&time=never",
    "distance=1&station=Acton&time=0001-01-01T00:00:00%2B23:59", "distance=1&station=Acton&pump_order=999999999999999999999",
    "distance=1&distance=2&station=Acton", "distance=1&station=Acton&station=Soho", "distance=1_0&station=Acton", "distance=%D9%A3&station=Acton",
    "distance=1&station=Acton&time=2026-01-01&time=2026-01-02", "station=Acton&latitude=5_1.5&longitude=-0.2", "distance=1&station=Acton&colour=red", "distance=1&station=<script>alert(1)</script>", "distance=1&station=Actön%F0%9F%94%A5",
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_that_make_no_sense_are_refused(roles, trained, question):
    answer = roles["standard"].get(f"/predict?{question}")
    if "time=0001" in question and answer.status_code == 200:
        return  # a time the model does not use
    assert refused(answer), answer.content
    assert "Set-Cookie" not in answer.headers


LISTS = [
    "runs?step='%20OR%201=1--", "runs?user=%00", "runs?queued_after=0000-99-99", "runs?ordering=started_by__password", "runs?page=0",
    "runs?page=" + "9" * 5_000, "runs?page_size=-1", "runs/" + "9" * 18, "runs/1%00", "runs/1'--", "stations?name=%00", "stations/%00",
    "stations/..%2f..%2fetc", "model-versions/" + "9" * 9, "model-versions/compare", "model-versions/compare?versions=1;2",
    "stations?is_open=maybe", "runs?queued_before=9999-12-31",
]  # fmt: skip


NOT_KNOWN = [
    ("runs?stauts=failed", "status"), ("runs?status=nonsense", "succeeded"), ("runs?step=fly", "predict_batch"), ("runs?trigger=x", "schedule"),
    ("runs?is_sample=maybe", "true or false"), ("runs?ordering=nonsense", "finished_at"), ("runs?ordering=id,-password", "finished_at"),
    ("runs?ordering=--id", "finished_at"), ("runs?page_size=0", "1 to 500"), ("runs?page_size=501", "1 to 500"), ("runs?page_size=x", "1 to 500"),
    ("runs?page_size=%D9%A3", "1 to 500"), ("runs?status=failed&status=queued", "more than once"), ("runs?queued_after=yesterday", "valid date"),
    ("stations?is_open=maybe", "true or false"), ("stations?kind=x", "land"), ("stations?colour=red", "is_open"),
    ("model-versions?state=x", "champion"), ("model-versions?estimator=x", "boosted"), ("schedules?chain=x", "housekeeping"),
    ("schedules?enabled=maybe", "true or false"), ("tokens?ordering=name", "page_size"), ("tokens?page_size=x", "1 to 500"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "hint"), NOT_KNOWN)
def test_filters_that_make_no_sense_are_refused_with_what_is_allowed(roles, address, hint):
    answer = roles["administrator"].get(f"/api/v1/{address}")
    assert refused(answer), (answer.status_code, answer.content[:300])
    assert hint in answer.json()["message"]


@pytest.mark.parametrize(
    ("address", "body", "hint"),
    [
        ("runs", {"step": "fly"}, "train_model"),
        ("runs", {"step": "process_data", "then": ["fly"]}, "train_model"),
        ("runs", {"step": "process_data", "parameters": {"incident": "maybe"}}, "true or false"),
        ("schedules", {"name": "x", "chain": "fly", "cron": "0 6 * * 1"}, "housekeeping"),
        ("predictions", {"station": "Acton", "distance": True}, "valid number"),
        ("predictions", {"station": "Acton", "distance": "1_0"}, "valid number"),
    ],
)
def test_choices_that_there_are_not_are_refused_with_those_there_are(roles, address, body, hint):
    answer = roles["administrator"].post(f"/api/v1/{address}", body, format="json")
    assert refused(answer), (answer.status_code, answer.content[:300])
    assert hint in answer.json()["message"]
    assert not DatasetRun.objects.exists()


@pytest.mark.parametrize("address", LISTS)
def test_lists_answer_injection_with_nothing_or_a_refusal(roles, trained, address):
    answer = roles["administrator"].get(f"/api/v1/{address}")
    assert answer.status_code in (200, 301, 400, 404, 409)
    assert answer.status_code == 400 or "password" not in answer.content.decode()  # a refusal says what it refuses


HEADERS = ["Basic", "Basic !!!", "Basic " + "A" * 9_000, "Bearer", "Bearer a b c", "Bearer \xff", "Digest x", "Basic " + base64.b64encode(b"a\0:b").decode(),
           "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(), "Basic " + base64.b64encode(b"nobody:" + b"x" * 5_000).decode()]  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_broken_logins_are_401(roles, header):
    answer = roles["anonymous"].get("/predict?distance=1&station=Acton", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert refused(answer)


@pytest.fixture
def kept_connection():
    """The test's connection outlives the requests, as Django's own test client arranges it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("kept_connection")
@pytest.mark.parametrize("role", ["anonymous", "standard", "administrator"])
def test_nothing_that_fits_or_breaks_the_schema_brings_the_server_down(trained, roles, settings, role):
    """Every operation with made-up input: no server error, no answer that the description does not know."""
    from django.core.handlers.wsgi import WSGIHandler

    settings.LFB_MAX_WAIT_SECONDS = 0
    settings.LFB_REQUESTS_PER_ADDRESS = settings.LFB_REQUESTS_PER_USER = 10_000_000
    schema = schemathesis.openapi.from_wsgi("/api/schema", WSGIHandler())
    header = roles[role]._credentials.get("HTTP_AUTHORIZATION")
    seen = set()
    for found in schema.get_all_operations():
        operation = found.ok()

        @hypothesis_settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=st.one_of(
                operation.as_strategy(), operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
            )
        )
        def ask(case):
            if header:
                case.headers = {
                    **{name: value for name, value in (case.headers or {}).items() if name.lower() != "authorization"},
                    "Authorization": header,
                }
            answer = case.call()
            seen.add((case.path, answer.status_code))
            assert answer.status_code < 500 or answer.status_code == 503, (case, answer.text)
            if answer.status_code >= 400:
                told = answer.headers.get("content-type", [""])[0]
                call = f"{case.as_curl_command()[:1_000]} → {answer.status_code} {told}: {answer.text[:300]}"
                assert told.startswith("application/json"), call
                assert set(json.loads(answer.content)) == {"code", "message", "hint", "fields"}, call
            case.validate_response(
                answer,
                checks=[
                    schemathesis.checks.not_a_server_error,
                    *(
                        schemathesis.checks.CHECKS.get_one(name)
                        for name in (
                            "status_code_conformance",
                            "content_type_conformance",
                            "response_schema_conformance",
                        )
                    ),
                ],
            )

        ask()
    statuses = {status for _, status in seen}
    assert ({401} if role == "anonymous" else {403} if role == "standard" else {400, 202}) <= statuses

"""The REST API: who may call what, the contract's calls, and the resources."""

import base64
import datetime as dt
import re
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from lfb_site import checks
from lfb_site.authentication import failures
from lfb_site.models import AccessToken
from pipeline import registry, runs
from pipeline.api import starting
from pipeline.models import DatasetRun, ModelVersion, RunStatus, Schedule

pytestmark = pytest.mark.django_db


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


# Method, address, body, and the status for anonymous, standard user and administrator.
MATRIX = [
    ("get", "/health", None, 200, 200, 200),
    ("get", "/process_data", None, 401, 403, 202),
    ("get", "/build_features", None, 401, 403, 202),
    ("post", "/train_model", {}, 401, 403, 202),
    ("get", "/predict?distance=5.2&station=Acton", None, 401, 200, 200),
    ("get", "/api/v1/stations", None, 401, 200, 200),
    ("get", "/api/v1/stations/Acton", None, 401, 200, 200),
    ("get", "/api/v1/runs", None, 401, 200, 200),
    ("get", "/api/v1/runs/{run}", None, 401, 404, 200),
    ("get", "/api/v1/runs/{run}/log", None, 401, 404, 200),
    ("post", "/api/v1/runs", {"step": "evaluate_model"}, 401, 403, 202),
    ("post", "/api/v1/runs/{run}/cancel", None, 401, 404, 409),
    ("post", "/api/v1/runs/{run}/retry", None, 401, 403, 202),
    ("get", "/api/v1/schedules", None, 401, 403, 200),
    ("get", "/api/v1/schedules/{schedule}", None, 401, 403, 200),
    ("post", "/api/v1/schedules", {"name": "Weekly", "chain": "retrain", "cron": "0 6 * * 1"}, 401, 403, 201),
    ("put", "/api/v1/schedules/{schedule}", {"name": "Weekly", "chain": "retrain", "cron": "0 6 * * 1"}, 401, 403, 200),
    ("patch", "/api/v1/schedules/{schedule}", {"enabled": False}, 401, 403, 200),
    ("post", "/api/v1/schedules/{schedule}/start", None, 401, 403, 202),
    ("delete", "/api/v1/schedules/{schedule}", None, 401, 403, 204),
    ("get", "/api/v1/model-versions", None, 401, 200, 200),
    ("get", "/api/v1/model-versions/1", None, 401, 200, 200),
    ("get", "/api/v1/model-versions/compare?versions=1,1", None, 401, 200, 200),
    ("post", "/api/v1/model-versions/1/promote", {}, 401, 403, 400),
    ("post", "/api/v1/model-versions/roll-back", {}, 401, 403, 409),
    ("post", "/api/v1/predictions", {"station": "Acton", "distance": 5.2}, 401, 200, 200),
    ("post", "/api/v1/predictions/batch", {"rows": [{"station": "Acton", "distance": 5.2}]}, 401, 200, 200),
    ("get", "/api/v1/response-times", None, 401, 200, 200),
    ("get", "/api/v1/response-times.csv", None, 401, 200, 200),
    ("post", "/api/v1/predictions/batches", {"rows": [{"station": "Acton", "distance": 5.2}]}, 401, 202, 202),
    ("get", "/api/v1/predictions/batches/{run}/answer", None, 401, 404, 404),
    ("get", "/api/v1/tokens", None, 401, 200, 200),
    ("get", "/api/v1/tokens/{token}", None, 401, 404, 404),
    ("delete", "/api/v1/tokens/{token}", None, 401, 404, 404),
    ("post", "/api/v1/tokens", {"name": "report"}, 401, 201, 201),
    ("get", "/api/schema", None, 200, 200, 200),
    ("get", "/api/docs", None, 200, 200, 200),
    ("get", "/api/redoc", None, 200, 200, 200),
    ("get", "/api/v1/nothing", None, 404, 404, 404),
    ("get", "/predict/?distance=5.2&station=Acton", None, 404, 404, 404),
]


@pytest.mark.parametrize(("method", "address", "body", "anonymous", "standard", "administrator"), MATRIX)
def test_each_role_may_do_what_is_written_and_no_more(
    trained, roles, method, address, body, anonymous, standard, administrator
):
    other, _ = AccessToken.make(get_user_model().objects.create_user("other"), "theirs")
    address = address.format(
        run=DatasetRun.objects.first().pk, token=other.pk, schedule=Schedule.objects.get(chain="housekeeping").pk
    )
    for role, wanted in (("anonymous", anonymous), ("standard", standard), ("administrator", administrator)):
        answer = getattr(roles[role], method)(address, body, format="json" if body is not None else None)
        assert answer.status_code == wanted, (role, answer.content)
        if wanted >= 400:
            assert set(answer.json()) == {"code", "message", "hint", "fields"}
        if wanted == 401:
            assert answer["WWW-Authenticate"].startswith("Basic realm=")


def test_the_matrix_names_every_endpoint():
    from drf_spectacular.generators import SchemaGenerator

    described = {
        (method, path)
        for path, methods in SchemaGenerator().get_schema(public=True)["paths"].items()
        for method in methods
    }
    asked = {(method, address.split("?")[0]) for method, address, *_ in MATRIX}
    filled = {"{id}": "{run}", "{name}": "Acton", "{number}": "1"}
    missing = set()
    for method, path in described:
        wanted = path.replace("tokens/{id}", "tokens/{token}").replace("schedules/{id}", "schedules/{schedule}")
        for placeholder, value in filled.items():
            wanted = wanted.replace(placeholder, value)
        if (method, wanted) not in asked:
            missing.add((method, path))
    assert not missing


def test_the_contract_calls_run_the_whole_job(trained, settings):
    settings.DEBUG = True
    call_command("create_demo_users")
    chief, user = APIClient(), APIClient()
    chief.credentials(HTTP_AUTHORIZATION=basic("admin", "fireforce"))
    user.credentials(HTTP_AUTHORIZATION=basic("user", "london123"))
    answers = [
        chief.get("/process_data?incident=true"),
        chief.get("/process_data?incident=true&mobilisation=true&convert_to_pickle=true"),
        chief.get("/build_features"),
        chief.post(
            "/train_model",
            {
                "data_path": "./data/global_data.csv",
                "ml_model_path": "./models/linear_regression_model.pkl",
                "encoder_path": "./models/onehot_encoder.pkl",
            },
            format="json",
        ),
    ]
    for answer in answers:
        assert answer.status_code == 202
        assert {"status", "message"} <= set(answer.json())
        run = chief.get(answer["Location"]).json()
        assert (run["started_by"], run["trigger"]) == ("admin", "api")
    predicted = user.get("/predict?distance=5.2&station=Acton")
    assert isinstance(predicted.json()["predicted_attendance_time"], float)
    assert user.get("/process_data?incident=true").status_code == 403


@pytest.fixture
def executed_at_once(monkeypatch):
    """The order is executed before the answer: another process would not see this test's database."""

    def start(step, given, *, then=(), **who):
        return runs.start(step, given, **who)

    monkeypatch.setattr(runs, "enqueue", start)


def test_wait_holds_the_answer_until_the_run_ends(roles, trained, executed_at_once):
    answer = roles["administrator"].get("/build_features?wait=20")
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")


def test_a_run_that_takes_longer_than_the_wait_answers_202(roles, trained):
    answer = roles["administrator"].get("/build_features?wait=0.3")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")


def test_calls_that_wait_leave_threads_for_the_others(roles, trained, monkeypatch):
    """Where as many hold on as may, the next is answered at once: it would otherwise sleep here."""
    monkeypatch.setattr(starting.time, "sleep", lambda seconds: pytest.fail("it waits"))
    for _ in range(starting.MAX_WAITING):
        assert starting._waiting.acquire(blocking=False)
    try:
        answer = roles["administrator"].get("/build_features?wait=20")
    finally:
        for _ in range(starting.MAX_WAITING):
            starting._waiting.release()
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")


@pytest.mark.parametrize("wait", ["-1", "1e308", "nan", "soon"])
def test_an_impossible_wait_starts_nothing(roles, wait):
    assert roles["administrator"].get(f"/build_features?wait={wait}").status_code == 400
    assert not DatasetRun.objects.exists()


def test_a_failed_run_says_why_in_the_one_shape(roles, executed_at_once):
    body = roles["administrator"].get("/build_features?wait=20").json()
    assert body["status"] == "failed"
    assert body["error"]["code"] == "missing_input"
    assert "process_data" in body["error"]["hint"]


def test_calls_that_start_work_by_get_take_no_cookie_and_no_head(roles):
    browser = APIClient()
    browser.force_login(get_user_model().objects.get(username="administrator"))
    assert browser.get("/process_data").status_code == 401
    assert browser.get("/api/v1/runs").status_code == 200
    assert roles["administrator"].head("/process_data").status_code == 405
    assert roles["administrator"].get("/process_data", HTTP_SEC_FETCH_SITE="cross-site").status_code == 403
    assert not DatasetRun.objects.exists()


def test_a_password_kept_by_a_browser_opens_nothing_to_another_site(roles):
    user = get_user_model().objects.get(username="administrator")
    user.set_password("a long password")
    user.save()
    browser = APIClient()
    browser.credentials(HTTP_AUTHORIZATION=basic("administrator", "a long password"))
    for address in ("/train_model", "/api/v1/model-versions/roll-back", "/api/v1/runs/1/cancel"):
        for site in ("cross-site", "same-site"):
            answer = browser.post(address, HTTP_SEC_FETCH_SITE=site, HTTP_ORIGIN="http://testserver")
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_call")
        for origin in ("https://evil.example", "null", "http://testserver.evil.example", "http://[", ""):
            answer = browser.post(address, HTTP_ORIGIN=origin)
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_call")
    assert not DatasetRun.objects.exists()
    assert browser.post("/train_model", {}, format="json", HTTP_SEC_FETCH_SITE="same-origin").status_code == 202
    assert browser.post("/train_model", {}, format="json", HTTP_ORIGIN="http://testserver").status_code == 202
    assert browser.get("/api/v1/runs", HTTP_SEC_FETCH_SITE="cross-site").status_code == 200


def test_a_cookie_needs_the_token_of_the_form_to_change_anything(roles):
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(get_user_model().objects.get(username="administrator"))
    assert browser.post("/train_model", {}, format="json").status_code == 403
    assert not DatasetRun.objects.exists()


def test_a_token_is_shown_once_kept_as_a_hash_and_can_be_revoked(roles):
    made = roles["standard"].post("/api/v1/tokens", {"name": "report"}, format="json").json()
    row = AccessToken.objects.get(pk=made["id"])
    assert made["token"] not in str(row.__dict__)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {made['token']}")
    assert client.get("/api/v1/stations").status_code == 200
    assert client.delete(f"/api/v1/tokens/{row.pk}").status_code == 204
    assert client.get("/api/v1/stations").status_code == 401


def test_a_token_that_could_never_be_used_is_not_made(roles):
    body = {"name": "report", "expires_at": "2020-01-01T00:00Z"}
    answer = roles["standard"].post("/api/v1/tokens", body, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["expires_at"])
    assert not AccessToken.objects.filter(name="report").exists()


def test_the_description_tells_the_bounds_of_numbers(client):
    paths = client.get("/api/schema").json()["paths"]

    def bounds(path, name):
        found = next(one["schema"] for one in paths[path]["get"]["parameters"] if one["name"] == name)
        return found.get("minimum"), found.get("maximum")

    assert bounds("/build_features", "wait") == (0, None)  # whoever tries out every bound would wait for as long
    assert bounds("/predict", "distance") == (0, 60)
    assert bounds("/api/v1/runs", "page_size") == (1, 500)


def test_an_expired_token_and_one_of_a_disabled_user_are_refused(roles):
    user = get_user_model().objects.get(username="standard")
    _, old = AccessToken.make(user, "old", timezone.now() - dt.timedelta(seconds=1))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {old}")
    assert client.get("/api/v1/stations").status_code == 401
    user.is_active = False
    user.save()
    assert roles["standard"].get("/api/v1/stations").status_code == 401


@pytest.fixture
def password_client(db):
    user = get_user_model().objects.create_user("someone", password="a long enough one")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=basic("someone", "a long enough one"))
    return user, client


def test_a_password_is_hashed_once_and_its_user_read_each_time(password_client, monkeypatch):
    from lfb_site import authentication

    user, client = password_client
    asked = []
    real = authentication.authenticate
    monkeypatch.setattr(authentication, "authenticate", lambda **given: asked.append(1) or real(**given))
    assert user.password.startswith("argon2")
    assert [client.get("/api/v1/stations").status_code for _ in range(3)] == [200] * 3
    assert len(asked) == 1
    user.set_password("another long one")
    user.save()
    assert client.get("/api/v1/stations").status_code == 401
    assert len(asked) == 2


def test_a_disabled_user_is_refused_though_the_password_is_remembered(password_client):
    user, client = password_client
    assert client.get("/api/v1/stations").status_code == 200
    user.is_active = False
    user.save()
    assert client.get("/api/v1/stations").status_code == 401


def change_password(user, browser):
    user.set_password("another long one")
    user.save()


def deactivate(user, browser):
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)


def let_session_expire(user, browser):
    Session.objects.update(expire_date=timezone.now() - dt.timedelta(seconds=1))


def log_out_elsewhere(user, browser):
    Session.objects.all().delete()


def delete_user(user, browser):
    user.delete()


@pytest.mark.parametrize("end", [change_password, deactivate, let_session_expire, log_out_elsewhere, delete_user])
def test_a_session_ends_at_once(password_client, end):
    user, _ = password_client
    browser = APIClient()
    assert browser.login(request=HttpRequest(), username="someone", password="a long enough one")
    assert browser.get("/api/v1/stations").status_code == 200
    end(user, browser)
    assert browser.get("/api/v1/stations").status_code == 401


@pytest.mark.parametrize("login", ["basic", "token", "session"])
def test_a_right_that_is_taken_away_is_gone_with_the_next_call(login):
    user = get_user_model().objects.create_user("chief", password="a long enough one")
    user.groups.add(Group.objects.get(name="administrators"))
    client = APIClient()
    if login == "session":
        client.force_login(user)
    else:
        key = f"Bearer {AccessToken.make(user, 'test')[1]}" if login == "token" else basic("chief", "a long enough one")
        client.credentials(HTTP_AUTHORIZATION=key)
    assert client.get("/api/v1/schedules").status_code == 200
    user.groups.clear()
    assert client.get("/api/v1/schedules").status_code == 403


def test_guessing_ends_in_a_lock_for_the_guesser_alone(password_client, settings):
    settings.LFB_PROXY_COUNT = 1
    _, client = password_client
    guesser = APIClient()
    statuses = []
    for number in range(6):
        guesser.credentials(HTTP_AUTHORIZATION=basic("someone", f"guess {number}"), HTTP_X_FORWARDED_FOR="6.6.6.6")
        statuses.append(guesser.get("/api/v1/stations").status_code)
    assert statuses == [401, 401, 401, 401, 429, 429]
    guesser.credentials(HTTP_AUTHORIZATION=basic("someone", "a long enough one"), HTTP_X_FORWARDED_FOR="6.6.6.6")
    answer = guesser.get("/api/v1/stations")
    assert (answer.status_code, answer.json()["code"]) == (429, "locked_out")
    assert answer["Retry-After"] == "900"
    assert client.get("/api/v1/stations", HTTP_X_FORWARDED_FOR="1.2.3.4").status_code == 200


def test_the_admin_login_locks_too(client, password_client):
    for _ in range(5):
        answer = client.post("/admin/login/", {"username": "someone", "password": "wrong"})
    assert answer.status_code == 429
    assert b"Too many wrong passwords" in answer.content


def test_an_address_may_guess_only_so_often_whatever_the_names(settings):
    settings.LFB_LOGIN_FAILURES_PER_ADDRESS = 3
    client = APIClient()
    statuses = []
    for number in range(5):
        client.credentials(HTTP_AUTHORIZATION=basic(f"name{number}", "x"))
        statuses.append(client.get("/api/v1/stations").status_code)
    assert statuses == [401, 401, 401, 429, 429]


@pytest.mark.parametrize("address", ["/login", "/admin/login/"])
def test_the_login_forms_share_the_allowance_of_the_address(client, password_client, settings, address):
    settings.LFB_LOGIN_FAILURES_PER_ADDRESS = 3
    _, by_password = password_client
    pages = [client.post(address, {"username": f"name{number}", "password": "x"}) for number in range(4)]
    assert [page.status_code for page in pages] == [200, 200, 200, 429]
    assert b"Too many wrong passwords" in pages[-1].content
    right = client.post(address, {"username": "someone", "password": "a long enough one"})
    assert (right.status_code, by_password.get("/api/v1/stations").status_code) == (429, 429)
    failures.clear()
    assert client.post("/login", {"username": "someone", "password": "a long enough one"}).status_code == 302


def test_what_a_client_writes_into_forwarded_for_is_not_believed(rf, settings):
    from lfb_site.addresses import client_address

    request = rf.get("/", HTTP_X_FORWARDED_FOR="9.9.9.9, 1.2.3.4", REMOTE_ADDR="10.0.0.1")
    assert client_address(request) == "10.0.0.1"
    settings.LFB_PROXY_COUNT = 1
    assert client_address(request) == "1.2.3.4"


def test_calls_are_limited_by_user_and_by_address(roles, settings):
    settings.LFB_REQUESTS_PER_USER = 2
    statuses = [roles["standard"].get("/api/v1/stations").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    settings.LFB_REQUESTS_PER_ADDRESS = 1
    assert roles["administrator"].get("/api/v1/stations").status_code == 200
    assert roles["administrator"].get("/api/v1/stations").status_code == 429


@pytest.mark.parametrize(
    ("login", "tables"),
    [("token", ["lfb_site_accesstoken"]), ("basic", ["auth_user"]), ("session", ["django_session", "auth_user"])],
)
def test_a_prediction_asks_the_database_for_the_login_alone(roles, password_client, trained, settings, login, tables):
    settings.LFB_REFRESH_SECONDS = 60
    user, client = password_client
    if login == "token":
        client = roles["standard"]
    elif login == "session":
        client = APIClient()
        client.force_login(user)
    client.get("/predict?distance=5.2&station=Acton")
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/predict?distance=5.2&station=Acton").status_code == 200
    assert [re.search(r"FROM \"?(\w+)", query["sql"])[1] for query in asked] == tables


def test_a_prediction_sees_a_promotion_when_the_memory_is_refreshed(roles, trained, start):
    start("train_model")
    assert roles["standard"].get("/predict?distance=5.2&station=Acton").json()["version"] == 1
    assert roles["administrator"].post("/api/v1/model-versions/2/promote", {}, format="json").status_code == 200
    assert roles["standard"].get("/predict?distance=5.2&station=Acton").json()["version"] == 2
    back = roles["administrator"].post("/api/v1/model-versions/roll-back")
    assert (back.json()["number"], registry.current().number) == (1, 1)


def test_a_prediction_is_the_same_through_every_door(roles, trained, start):
    run = start("predict", distance_km=5.2, station="Acton")
    one = roles["standard"].get("/predict?distance=5.2&station=acton").json()
    assert one["predicted_attendance_time"] == pytest.approx(run.metrics["prediction_result"], abs=1e-9)
    assert one["chances"] == run.details["chances"]
    csv = roles["standard"].generic("POST", "/api/v1/predictions/batch", "station,distance\nActon,5.2\n", "text/csv")
    assert csv.content.decode().splitlines()[1] == f"Acton,5.2,{one['predicted_attendance_time']:.3f},"


def test_a_place_stands_for_the_distance(roles, trained):
    by_degrees = roles["standard"].get("/predict?station=Acton&latitude=51.5053&longitude=-0.2738").json()
    by_grid = (
        roles["standard"]
        .get(
            "/predict?station=Acton&easting=519900&northing=179900&incident_number=038967-19032023&time=2023-03-19T14:00:00Z&pump_order=1"
        )
        .json()
    )
    assert 0 < by_degrees["distance_km"] < 1
    assert by_grid["distance_km"] == pytest.approx(by_degrees["distance_km"], abs=0.05)
    assert by_grid["incident_number"] == "038967-19032023"
    assert (by_grid["not_used"], by_grid["assumed"]) == ([], {})
    assert set(by_degrees["assumed"]) == {"time", "weekday"}


def test_a_batch_answers_good_rows_and_explains_the_others(roles, trained):
    rows = [
        {"station": "Acton", "distance": 5.2, "incident_number": "a"},
        {"station": "Actn", "distance": 1},
        {"station": "Soho", "distance": -1},
        {"station": 5, "distance": True},
        {},
    ]
    body = roles["standard"].post("/api/v1/predictions/batch", {"rows": rows}, format="json").json()
    assert [row["error"] for row in body["rows"]] == [
        "",
        "unknown_station",
        "invalid_distance",
        "unknown_station",
        "unknown_station",
    ]
    assert body["answered"] == 1
    assert body["rows"][0]["incident_number"] == "a"


def test_a_hundred_thousand_rows_are_answered_and_one_more_is_refused(roles, trained):
    text = "station,distance\n" + "Acton,5.2\n" * 100_000
    answer = roles["standard"].generic("POST", "/api/v1/predictions/batch", text, "text/csv")
    assert answer.content.count(b"\n") == 100_001
    more = roles["standard"].generic("POST", "/api/v1/predictions/batch", text + "Acton,1\n", "text/csv")
    assert (more.status_code, more.json()["code"]) == (400, "wrong_number_of_rows")


def test_runs_are_filtered_ordered_and_cut_into_pages(roles, trained):
    found = roles["administrator"].get("/api/v1/runs?status=succeeded&step=train_model&user=tester").json()
    assert [run["step"] for run in found["results"]] == ["train_model"]
    oldest = roles["administrator"].get("/api/v1/runs?ordering=id&page_size=1").json()
    assert (oldest["count"], oldest["results"][0]["step"]) == (4, "make_sample_data")
    assert roles["administrator"].get("/api/v1/runs?queued_after=2999-01-01").json()["count"] == 0
    assert roles["administrator"].get("/api/v1/runs?status=nonsense").status_code == 400


def test_standard_users_see_the_runs_they_started_and_no_others(roles, trained):
    DatasetRun.objects.filter(step="train_model").update(started_by=get_user_model().objects.get(username="standard"))
    found = roles["standard"].get("/api/v1/runs").json()["results"]
    assert [run["step"] for run in found] == ["train_model"]


def test_no_answer_tells_where_files_lie_or_shows_a_traceback(roles, trained, settings, start, monkeypatch):
    from pipeline.actions import build_features

    monkeypatch.setattr(build_features, "station_frame", lambda: 1 / 0)
    crashed = start("build_features")
    told = "".join(
        roles["administrator"].get(address).content.decode()
        for address in ("/api/v1/runs?page_size=500", "/api/v1/model-versions/1", f"/api/v1/runs/{crashed.pk}/log")
    )
    for secret in (str(settings.LFB_DATA_DIR), str(settings.BASE_DIR), "Traceback", "/tmp/"):
        assert secret not in told
    assert "global_data.csv" in told


def test_an_unexpected_error_is_an_apology(roles, monkeypatch, caplog):
    from predictions.api import viewsets

    def fail(data):
        raise RuntimeError("SELECT * FROM secrets")

    monkeypatch.setattr(viewsets, "answer", fail)
    answer = roles["standard"].get("/predict?distance=5.2&station=Acton")
    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected_error")
    assert "secrets" not in answer.content.decode()


def test_errors_read_the_same_as_in_the_command(roles, trained, start):
    answer = roles["standard"].get("/predict?distance=99&station=Acton").json()
    assert (answer["code"], answer["fields"].keys()) == ("invalid_distance", {"distance"})
    with pytest.raises(Exception, match=answer["message"]):
        start("predict", distance_km=99.0, station="Acton")
    assert "Did you mean Acton?" in roles["standard"].get("/predict?distance=1&station=Actn").json()["hint"]


def test_without_a_model_a_prediction_says_so(roles):
    answer = roles["standard"].get("/predict?distance=1&station=Acton")
    assert (answer.status_code, answer.json()["code"]) == (503, "no_model_in_use")


def test_versions_are_compared_on_the_same_figures(roles, trained, start):
    start("train_model")
    body = roles["standard"].get("/api/v1/model-versions/compare?versions=1,2").json()
    assert body["same_test_rows"] is True
    mae = next(figure for figure in body["figures"] if figure["name"] == "mae")
    assert mae["values"].keys() == {"1", "2"}
    assert roles["standard"].get("/api/v1/model-versions/compare?versions=1,99").status_code == 409


def test_an_unchanged_list_is_not_sent_again(roles):
    first = roles["standard"].get("/api/v1/stations")
    assert roles["standard"].get("/api/v1/stations", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304


@pytest.mark.parametrize(
    "address",
    ["/health", "/process_data", "/build_features", "/train_model", "/predict", "/api/v1/runs", "/api/schema"],
)
def test_an_address_with_a_slash_at_its_end_names_the_one_without(client, address):
    for method in (client.get, client.post):
        answer = method(f"{address}/?incident=true")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.json()["hint"] == f"Addresses here end without a slash: {address}"


def test_the_documentation_loads_nothing_from_elsewhere(client):
    for address in ("/api/docs", "/api/redoc"):
        page = client.get(address).content.decode()
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


def test_demo_users_need_debug_and_are_warned_of(settings, capsys):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DJANGO_DEBUG"):
        call_command("create_demo_users")
    assert checks.demo_users_are_gone(databases=["default"]) == []
    settings.DEBUG = True
    call_command("create_demo_users")
    assert "admin, user" in checks.demo_users_are_gone(databases=["default"])[0].msg


def test_groups_are_made_once_and_left_as_an_administrator_changed_them():
    from lfb_site.groups import make_missing_groups

    group = Group.objects.get(name="administrators")
    group.permissions.clear()
    make_missing_groups()
    assert not group.permissions.exists()


def test_cancelling_a_run_that_has_ended_says_so(roles, trained):
    run = DatasetRun.objects.filter(status=RunStatus.SUCCEEDED).first()
    answer = roles["administrator"].post(f"/api/v1/runs/{run.pk}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_cancel")
    assert ModelVersion.objects.count() == 1


def ask(roles, **question):
    return roles["standard"].get("/predict", {"station": "Acton", **question})


def test_time_place_and_pump_order_change_the_answer(roles, trained):
    plain = ask(roles, distance=3).json()
    assert set(plain["assumed"]) == {"time", "weekday", "place"}
    assert plain["intervals"]["90"][0] < plain["intervals"]["80"][0] < plain["predicted_attendance_time"]
    by_time = {
        ask(roles, distance=3, time=f"2026-11-23T{hour:02}:00").json()["predicted_attendance_time"]
        for hour in range(24)
    }
    assert len(by_time) > 4
    assert min(by_time) < plain["predicted_attendance_time"] < max(by_time)
    second = ask(roles, distance=3, pump_order=2).json()
    assert second["predicted_attendance_time"] != plain["predicted_attendance_time"]
    assert list(second["chances"]) == ["480", "720"]
    there = ask(roles, latitude=51.52, longitude=-0.24).json()
    assert (
        there["predicted_attendance_time"]
        != ask(roles, distance=there["distance_km"]).json()["predicted_attendance_time"]
    )


def test_the_hour_is_londons(roles, trained):
    summer = ask(roles, distance=3, time="2026-07-01T07:00:00Z").json()
    assert (
        summer["predicted_attendance_time"]
        == ask(roles, distance=3, time="2026-07-01T08:59").json()["predicted_attendance_time"]
    )


def test_the_day_is_londons(roles, trained):
    def seconds(time):
        return ask(roles, distance=3, time=time).json()["predicted_attendance_time"]

    assert seconds("2026-07-05T00:30") == seconds("2026-07-04T23:30:00Z")  # a Sunday already
    assert len({seconds(f"2026-11-{day}T14:00") for day in range(23, 30)}) > 3


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"distance": 9, "latitude": 51.52, "longitude": -0.24}, "distance"),
        ({"latitude": 51.52}, "place"),
        ({"latitude": 51.52, "longitude": -0.24, "easting": 520000, "northing": 180000}, "place"),
        ({"latitude": 48.85, "longitude": 2.35}, "place"),
        ({}, "distance"),
        ({"distance": 3, "pump_order": 0}, "pump_order"),
        ({"distance": 3, "time": "soon"}, "time"),
    ],
)
def test_questions_that_make_no_sense_are_explained(roles, trained, question, field):
    answer = ask(roles, **question)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_a_batch_answers_each_row_as_if_it_were_asked_alone(roles, trained):
    rows = [
        {"station": "Acton", "distance": 5.2},
        {"station": "acton", "distance": "3", "time": "2026-11-23T08:10", "pump_order": 2},
        {"station": "Acton", "latitude": 51.52, "longitude": -0.24},
        {"station": "Acton", "easting": 519900, "northing": 179900, "time": "2026-07-01T07:00:00+00:00"},
        {"station": "Nowhere", "distance": 1},
        {"station": "Acton"},
        {"station": "Acton", "distance": -1},
        {"station": "Acton", "distance": 30, "latitude": 51.52, "longitude": -0.24},
        {"station": "Acton", "distance": 1, "latitude": 51.52},
        {"station": "Acton", "distance": 1, "time": "soon"},
        {"station": "Acton", "distance": 1, "pump_order": 1.5},
        {"station": 5, "distance": 1},
    ]
    found = roles["standard"].post("/api/v1/predictions/batch", {"rows": rows}, format="json").json()
    assert [row["error"] for row in found["rows"]] == [
        "", "", "", "", "unknown_station", "invalid_distance", "invalid_distance", "distance_contradicts_place", "invalid_place",
        "invalid_time", "invalid_pump_order", "unknown_station",
    ]  # fmt: skip
    for row, answer in zip(rows[:4], found["rows"], strict=False):
        alone = roles["standard"].get("/predict", row).json()
        assert answer["predicted_attendance_time"] == pytest.approx(alone["predicted_attendance_time"], abs=1e-6)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (
            '{"rows": [{"station": "Acton", "distance": 5.2}, {"station": "Nowhere", "distance": 1}]}',
            "application/json",
        ),
        ("station,distance\nActon,5.2\nNowhere,1\n", "text/csv"),
    ],
)
def test_an_ordered_batch_gets_the_answer_that_it_gets_at_once(roles, trained, body, kind, executed_at_once, settings):
    user = roles["standard"]
    ordered = user.generic("POST", "/api/v1/predictions/batches?wait=10", body, kind)
    assert (ordered.status_code, ordered.json()["status"]) == (200, "succeeded"), ordered.content
    assert [path.name for path in (Path(settings.LFB_DATA_DIR) / "batches").glob(".*")] == []
    number = ordered.json()["run"]
    answer = user.get(f"/api/v1/predictions/batches/{number}/answer")
    at_once = user.generic("POST", "/api/v1/predictions/batch", body, kind)
    assert answer["Content-Type"] == at_once["Content-Type"]
    assert (answer.json() == at_once.json()) if kind == "application/json" else (answer.content == at_once.content)
    run = user.get(f"/api/v1/runs/{number}").json()
    assert (run["rows_in"], run["rows_out"], run["rejects"]) == (2, 1, {"unknown_station": 1})
    assert roles["administrator"].get(f"/api/v1/predictions/batches/{number}/answer").status_code == 404
    for path in (Path(settings.LFB_DATA_DIR) / "batches").glob("*-answer*"):
        path.unlink()
    assert user.get(f"/api/v1/predictions/batches/{number}/answer").json()["code"] == "answer_gone"


def test_a_batch_that_cannot_be_read_fails_and_says_why(roles, trained, executed_at_once):
    ordered = (
        roles["standard"].generic("POST", "/api/v1/predictions/batches?wait=10", "name\nActon\n", "text/csv").json()
    )
    assert (ordered["status"], ordered["error"]["code"]) == ("failed", "missing_column")
    assert roles["standard"].get(f"/api/v1/predictions/batches/{ordered['run']}/answer").json()["code"] == "no_answer"


def test_a_standard_user_calls_off_a_batch_of_their_own(roles, trained):
    user = roles["standard"]
    ordered = user.post(
        "/api/v1/predictions/batches", {"rows": [{"station": "Acton", "distance": 5.2}]}, format="json"
    ).json()
    assert user.post(f"/api/v1/runs/{ordered['run']}/cancel").json()["status"] == "cancelled"


def test_who_may_look_at_all_runs_calls_off_none_of_them(roles, trained):
    user = get_user_model().objects.get(username="standard")
    user.user_permissions.add(Permission.objects.get(codename="view_datasetrun"))
    run = roles["administrator"].get("/build_features").json()["run"]
    assert roles["standard"].get(f"/api/v1/runs/{run}").status_code == 200
    answer = roles["standard"].post(f"/api/v1/runs/{run}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert DatasetRun.objects.get(pk=run).status == RunStatus.QUEUED

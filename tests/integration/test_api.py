"""The REST API: who may call what, the documented calls, and answers and errors in one shape."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from rest_framework.test import APIClient

from lfb_site.models import AccessToken
from pipeline.api import starting
from pipeline.models import DatasetRun, ModelVersion, RunStatus, Schedule
from tests.integration.logins import basic

pytestmark = pytest.mark.django_db


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


def test_the_description_tells_the_bounds_of_numbers(client):
    paths = client.get("/api/schema").json()["paths"]

    def bounds(path, name):
        found = next(one["schema"] for one in paths[path]["get"]["parameters"] if one["name"] == name)
        return found.get("minimum"), found.get("maximum")

    assert bounds("/build_features", "wait") == (0, None)  # whoever tries out every bound would wait for as long
    assert bounds("/predict", "distance") == (0, 60)
    assert bounds("/api/v1/runs", "page_size") == (1, 500)


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


def test_cancelling_a_run_that_has_ended_says_so(roles, trained):
    run = DatasetRun.objects.filter(status=RunStatus.SUCCEEDED).first()
    answer = roles["administrator"].post(f"/api/v1/runs/{run.pk}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_cancel")
    assert ModelVersion.objects.count() == 1

"""Predictions over the API: one, a batch at once, and a batch that a worker answers."""

import re
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from pipeline import registry
from pipeline.models import DatasetRun, RunStatus

pytestmark = pytest.mark.django_db


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

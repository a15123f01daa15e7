"""GET /metrics: who may read it, and what it tells of the site."""

import pytest
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families

from lfb_site import environment
from pipeline import registry, runs
from pipeline.models import Trigger
from tests.conftest import make_user

pytestmark = pytest.mark.django_db
AWAY = {"REMOTE_ADDR": "203.0.113.9"}


def figures(client, **more):
    """name → {values of the labels, by the labels' names → value}"""
    answer = client.get(reverse("metrics"), **more)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("text/plain")
    found = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


@pytest.mark.parametrize(
    ("role", "origin", "status"),
    [
        ("anonymous", {}, 200),
        ("anonymous", {"REMOTE_ADDR": "::1"}, 200),
        ("anonymous", {"REMOTE_ADDR": "::ffff:127.0.0.1"}, 200),
        ("anonymous", AWAY, 401),
        ("anonymous", {"REMOTE_ADDR": ""}, 401),
        ("anonymous", {**AWAY, "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 401),
        ("anonymous", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 401),
        ("anonymous", {"HTTP_FORWARDED": "for=127.0.0.1"}, 401),
        ("standard", AWAY, 403),
        ("administrator", AWAY, 200),
        ("administrator", {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 200),
    ],
)
@pytest.mark.parametrize("proxies", [0, 1])
def test_scrapers_of_this_machine_and_administrators_may_read(roles, settings, role, origin, status, proxies):
    settings.LFB_PROXY_COUNT = proxies
    assert roles[role].get(reverse("metrics"), **origin).status_code == status


def test_further_networks_are_a_setting(client, settings, monkeypatch):
    monkeypatch.setenv("LFB_METRICS_NETWORKS", "203.0.113.0/24, 2001:db8::7")
    settings.LFB_METRICS_NETWORKS = environment.networks("LFB_METRICS_NETWORKS", ())
    assert client.get(reverse("metrics"), **AWAY).status_code == 200
    assert client.get(reverse("metrics"), REMOTE_ADDR="2001:db8::7").status_code == 200
    assert client.get(reverse("metrics")).status_code == 401


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("172.18.0.5:8000", {}, 200),
        ("[fd00::5]:8000", {}, 200),
        ("172.18.0.5:8000", AWAY, 400),
        ("172.18.0.5:8000", {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 400),
        ("lured.example", {}, 400),
    ],
)
def test_scrapers_may_ask_for_the_host_by_number(client, settings, host, origin, status):
    settings.DEBUG, settings.ALLOWED_HOSTS = False, ["times.example"]
    assert client.get(reverse("metrics"), headers={"host": host}, **origin).status_code == status


def test_scrapes_are_not_sent_to_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(reverse("metrics")).status_code == 200


def test_an_empty_site_says_what_it_has(client):
    found = figures(client)
    assert found["lfb_database_up"] == {(): 1}
    assert found["lfb_queue_up"] == {(): 1}
    assert found["lfb_workers"] == {(): 0}
    assert "lfb_model_version" not in found
    assert "lfb_run_last_success" not in found


def test_the_state_of_model_runs_and_data_is_told(client, trained, start):
    found = figures(client)
    assert found["lfb_model_version"] == {(): trained.number}
    assert found["lfb_model_is_sample"] == {(): 1}
    assert found["lfb_model_mae_seconds"] == {("in use",): trained.metrics["mae"], ("newest",): trained.metrics["mae"]}
    assert found["lfb_run_last_success"] == dict.fromkeys(
        [("make_sample_data",), ("process_data",), ("build_features",), ("train_model",)], 1
    )
    assert set(found["lfb_data_processed_timestamp_seconds"]) == {("incident",), ("mobilisation",)}
    failed = start("process_data", datasets=("incident",), incident_sources=("/no/such.csv",))
    later = figures(client)
    assert later["lfb_run_last_success"]["process_data",] == 0
    assert later["lfb_run_last_end_timestamp_seconds"]["process_data",] == failed.finished_at.timestamp()
    unchanged = ("lfb_run_last_success_timestamp_seconds", "lfb_data_processed_timestamp_seconds")
    assert {name: later[name] for name in unchanged} == {name: found[name] for name in unchanged}
    assert later["lfb_runs"]["failed", "process_data"] == 1


def test_the_queue_is_told(client, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        runs.enqueue("housekeeping", {}, by_name="tester", trigger=Trigger.API)
    found = figures(client)
    assert found["lfb_queue_depth"] == {("default",): 1, ("ingest",): 0, ("train",): 0}
    assert found["lfb_queue_oldest_seconds"][()] > 0


def test_an_absent_queue_is_told_and_the_rest_stays(client, settings):
    settings.RQ_QUEUES = {name: {"URL": "unix:///no/such.sock"} for name in settings.RQ_QUEUES}
    found = figures(client)
    assert (found["lfb_queue_up"], found["lfb_database_up"]) == ({(): 0}, {(): 1})
    assert "lfb_workers" not in found


def test_predictions_are_counted_timed_and_valued(client, trained, roles):
    before = figures(client)
    answer = roles["standard"].get("/predict?distance=5.2&station=Acton").json()
    after = figures(client)

    def rise(name, *labels):
        return after[name][labels] - before.get(name, {}).get(labels, 0)

    assert rise("lfb_predictions_total", "answered") == 1
    assert rise("lfb_prediction_duration_seconds_count") == 1
    assert rise("lfb_predicted_attendance_seconds_sum") == pytest.approx(answer["predicted_attendance_time"])
    assert after["prediction_result_predict_model"][()] == pytest.approx(answer["predicted_attendance_time"])
    assert after["num_features_predict_model"][()] == len(trained.feature_names)
    assert after["success_predict_model"][()] == 1
    assert rise("debug_logs_predict_model") == rise("debug_logs_predict_model_total") == 1


def test_a_question_that_no_model_can_answer_is_told(client, roles):
    registry._serving.forget()
    assert roles["standard"].get("/predict?distance=5.2&station=Acton").status_code == 503
    found = figures(client)
    assert found["success_predict_model"][()] == 0


def test_a_made_up_method_makes_no_series(client):
    client.generic("MADEUP", reverse("login"))
    assert "MADEUP" not in str(figures(client).keys()) + client.get(reverse("metrics")).content.decode()


def test_the_user_of_a_request_is_in_its_records(client, caplog):
    from lfb_site.observability.components import Context

    seen = []

    class Look(Context):
        def filter(self, record):
            super().filter(record)
            seen.append(record.user)
            return True

    caplog.handler.addFilter(Look())
    client.force_login(make_user("ada", "administrators"))
    client.get("/admin/no-such-page")
    assert seen == ["ada"]

"""The logins of the API: sessions, tokens and passwords, what ends them, and what guessing costs."""

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.test import APIClient

from lfb_site import checks
from lfb_site.authentication import failures
from lfb_site.models import AccessToken
from pipeline.models import DatasetRun
from tests.integration.logins import basic

pytestmark = pytest.mark.django_db


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


def test_an_expired_token_and_one_of_a_disabled_user_are_refused(roles):
    user = get_user_model().objects.get(username="standard")
    _, old = AccessToken.make(user, "old", timezone.now() - dt.timedelta(seconds=1))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {old}")
    assert client.get("/api/v1/stations").status_code == 401
    user.is_active = False
    user.save()
    assert roles["standard"].get("/api/v1/stations").status_code == 401


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

"""Logins in the admin: tokens, wrong passwords and locks, and who sees which pages."""

import datetime as dt

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from lfb_site.groups import ADMINISTRATORS, STANDARD_USERS
from lfb_site.models import AccessToken
from tests.integration.markup import text_of

pytestmark = pytest.mark.django_db

TOKENS, ADD_TOKEN, LOGINS = (
    reverse(f"admin:{name}")
    for name in ("lfb_site_accesstoken_changelist", "lfb_site_accesstoken_add", "axes_accessattempt_changelist")
)
PASSWORD = "a long enough one"


def browser_of(name, *, groups=(), **facts):
    user = get_user_model().objects.create_user(name, password=PASSWORD, **facts)
    user.groups.set(Group.objects.filter(name__in=groups))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def administrator():
    """In the group of administrators, and nothing more than that."""
    return browser_of("chief", groups=[ADMINISTRATORS], is_staff=True)


@pytest.fixture
def reader():
    client = browser_of("reader", is_staff=True)
    user = get_user_model().objects.get(username="reader")
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return client


# Tokens


def test_a_token_is_made_for_oneself_and_shown_once(administrator):
    answer = administrator.post(ADD_TOKEN, {"name": "night report"})
    token = AccessToken.objects.get()
    key = text_of(answer).partition('<code class="token">')[2].partition("<")[0]
    assert AccessToken.holder(key.encode()).username == token.user.username == "chief"
    assert "no-store" in answer["Cache-Control"]
    for address in (TOKENS, reverse("admin:lfb_site_accesstoken_change", args=[token.pk]), "/admin/"):
        assert key not in text_of(administrator.get(address))
    assert LogEntry.objects.get().object_repr == "night report of chief"


def test_a_token_cannot_be_made_with_a_time_that_has_passed(administrator):
    expired = {"name": "late", "expires_at": "2020-01-01T12:00"}
    assert "This time has passed" in text_of(administrator.post(ADD_TOKEN, expired))
    assert not AccessToken.objects.exists()
    administrator.post(ADD_TOKEN, {"name": "summer", "expires_at": "2099-07-01T12:00"})
    assert AccessToken.objects.get().expires_at == dt.datetime(2099, 7, 1, 11, tzinfo=dt.UTC)


def test_looking_at_a_token_leaves_it_as_it_is(administrator):
    owner = get_user_model().objects.create_user("owner")
    token, key = AccessToken.make(owner, "report")
    administrator.post(reverse("admin:lfb_site_accesstoken_change", args=[token.pk]), {"name": "other"})
    assert AccessToken.holder(key.encode()) == owner
    assert AccessToken.objects.get().name == "report"


def test_tokens_are_revoked_after_a_question(administrator):
    token, key = AccessToken.make(get_user_model().objects.create_user("owner"), "report")
    chosen = {"action": "revoke", "_selected_action": [token.pk]}
    assert "cannot be made valid again" in text_of(administrator.post(TOKENS, chosen))
    assert AccessToken.holder(key.encode())
    text = text_of(administrator.post(TOKENS, chosen | {"confirmed": "yes"}, follow=True))
    assert "Revoked: report of owner." in text
    assert AccessToken.holder(key.encode()) is None
    assert LogEntry.objects.get().get_change_message() == "Revoked."
    assert "revoked already" in text_of(administrator.post(TOKENS, chosen, follow=True))


def test_who_may_only_look_cannot_revoke(reader):
    token, key = AccessToken.make(get_user_model().objects.create_user("owner"), "report")
    reader.post(TOKENS, {"action": "revoke", "_selected_action": [token.pk], "confirmed": "yes"})
    assert AccessToken.holder(key.encode())


# Locks


def guess_wrong(name, times):
    for _ in range(times):
        Client().post("/login", {"username": name, "password": "wrong"})


def may_log_in(name):
    return Client().post("/login", {"username": name, "password": PASSWORD}).status_code == 302


def test_a_locked_login_is_seen_and_the_lock_lifted(administrator, settings):
    get_user_model().objects.create_user("guessed", password=PASSWORD)
    guess_wrong("guessed", settings.AXES_FAILURE_LIMIT)
    assert not may_log_in("guessed")
    until = timezone.localtime(AccessAttempt.objects.get().attempt_time + settings.AXES_COOLOFF_TIME)
    assert f"locked until {until:%H:%M}" in text_of(administrator.get(LOGINS))
    chosen = {"action": "lift", "_selected_action": [AccessAttempt.objects.get().pk]}
    text = text_of(administrator.post(LOGINS, chosen, follow=True))
    assert "free to log in again: guessed at 127.0.0.1" in text
    assert may_log_in("guessed")
    assert LogEntry.objects.get().get_change_message() == "Lock lifted: guessed at 127.0.0.1."


def test_lifting_the_lock_of_an_empty_name_leaves_the_others_of_its_address(administrator):
    for name in ("", "guessed"):
        AccessAttempt.objects.create(username=name, ip_address="10.0.0.1", failures_since_start=99)
    chosen = {"action": "lift", "_selected_action": [AccessAttempt.objects.get(username="").pk]}
    assert "free to log in again: no name at 10.0.0.1" in text_of(administrator.post(LOGINS, chosen, follow=True))
    assert [attempt.username for attempt in AccessAttempt.objects.all()] == ["guessed"]


def test_the_failures_of_several_browsers_lock_together(administrator, settings):
    half = settings.AXES_FAILURE_LIMIT // 2 + 1
    for agent in ("one", "other"):
        AccessAttempt.objects.create(
            username="guessed", ip_address="10.0.0.1", user_agent=agent, failures_since_start=half
        )
    AccessAttempt.objects.create(username="once", ip_address="10.0.0.1", failures_since_start=1)
    assert text_of(administrator.get(LOGINS)).count("locked until") == 2
    assert "once" not in text_of(administrator.get(LOGINS, {"locked": "yes"}))


def test_a_lock_that_has_run_out_is_none(administrator, settings):
    AccessAttempt.objects.create(username="guessed", ip_address="10.0.0.1", failures_since_start=99)
    AccessAttempt.objects.update(attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME - dt.timedelta(seconds=1))
    assert "locked until" not in text_of(administrator.get(LOGINS))


def test_who_may_only_look_lifts_no_lock(reader):
    AccessAttempt.objects.create(username="guessed", ip_address="10.0.0.1", failures_since_start=99)
    reader.post(LOGINS, {"action": "lift", "_selected_action": [AccessAttempt.objects.get().pk]})
    assert AccessAttempt.objects.exists()


@pytest.mark.parametrize("address", [TOKENS, LOGINS])
def test_the_lists_ask_the_same_number_of_queries_for_any_number(administrator, address):
    def add(number):
        AccessToken.make(get_user_model().objects.create_user(f"owner {number}"), "report")
        AccessAttempt.objects.create(username=f"guessed {number}", ip_address="10.0.0.1", failures_since_start=9)

    add(0)
    with CaptureQueriesContext(connection) as few:
        administrator.get(address)
    for number in range(1, 8):
        add(number)
    with CaptureQueriesContext(connection) as many:
        assert administrator.get(address).status_code == 200
    assert len(many) == len(few)


# Who sees what


def test_the_pages_stand_in_groups_that_people_know(administrator):
    text = text_of(administrator.get("/admin/"))
    for name in (
        "Data and models",
        "Runs",
        "Queues and workers",
        "People and logins",
        "Failed logins",
        "Access tokens",
    ):
        assert f">{name}</a>" in text
    for name in ("Axes", "Access attempts", "Users"):  # users are made by those who may make administrators
        assert f">{name}</a>" not in text


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/admin/auth/", "Failed logins"),
        ("/admin/pipeline/", "Queues and workers"),
        ("/admin/lfb_site/", "Access tokens"),
    ],
)
def test_the_heading_of_each_group_leads_to_its_pages(administrator, address, name):
    assert f">{name}</a>" in text_of(administrator.get(address)).partition('id="content"')[2]


@pytest.mark.parametrize(
    "address",
    ["/admin/", "/admin/queues/", TOKENS, LOGINS, "/admin/pipeline/datasetrun/", "/admin/pipeline/station/1/change/"],
)
def test_standard_users_find_no_door_of_the_admin_open(address):
    assert browser_of("user", groups=[STANDARD_USERS]).get(address).status_code == 302

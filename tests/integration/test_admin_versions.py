"""Model versions in the admin: put in use, rolled back, compared."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from pipeline import registry
from pipeline.models import Station
from tests.integration.admin import STATIONS, VERSIONS, queries_of
from tests.integration.markup import text_of
from tests.integration.records import copy_version

pytestmark = pytest.mark.django_db


def test_a_version_is_put_in_use_with_a_reason(chief, trained):
    version = copy_version(trained)
    url = reverse("admin:pipeline_modelversion_promote", args=[version.pk])
    assert "Say why" in text_of(chief.post(url, {"reason": " "}))
    text = text_of(chief.post(url, {"reason": "better in Camden"}, follow=True))
    version.refresh_from_db()
    assert (registry.current(), version.state_reason, version.promoted_by_name) == (
        version,
        "better in Camden",
        "chief",
    )
    assert f"Version {version.number} is in use now." in text
    assert "better in Camden" in LogEntry.objects.get().get_change_message()


def test_rolling_back_puts_the_former_version_in_use_and_keeps_the_reason(chief, trained):
    version = copy_version(trained)
    registry.promote(version, by_name="tester", reason="a try")
    url = reverse("admin:pipeline_modelversion_roll_back")
    assert f"Roll back to version {trained.number}" in text_of(chief.get(url))
    chief.post(url, {"reason": "too slow at night"})
    trained.refresh_from_db()
    assert registry.current() == trained
    assert trained.state_reason == f"rolled back from version {version.number}: too slow at night"


def test_there_is_nothing_to_roll_back_to_at_first(chief, trained):
    answer = chief.get(reverse("admin:pipeline_modelversion_roll_back"), follow=True)
    assert "nothing to roll back to" in text_of(answer)


def test_the_version_in_use_cannot_be_put_in_use_again(chief, trained):
    answer = chief.get(reverse("admin:pipeline_modelversion_promote", args=[trained.pk]), follow=True)
    assert f"Version {trained.number} is in use already." in text_of(answer)


def test_who_may_only_look_can_neither_promote_nor_roll_back(reader, trained):
    version = copy_version(trained)
    registry.promote(version, by_name="tester", reason="a try")
    for url in (
        reverse("admin:pipeline_modelversion_roll_back"),
        reverse("admin:pipeline_modelversion_promote", args=[trained.pk]),
    ):
        assert reader.get(url).status_code == 403
        assert reader.post(url, {"reason": "because"}).status_code == 403
    assert registry.current() == version


def test_the_page_of_a_version_tells_when_it_went_in_and_out_of_use_and_why(chief, trained):
    registry.promote(copy_version(trained), by_name="tester", reason="a try in Camden")
    text = text_of(chief.get(reverse("admin:pipeline_modelversion_change", args=[trained.pk])))
    assert "<td>replaced by version 2</td><td>tester</td><td>a try in Camden</td>" in text
    assert "<td>put in use</td><td>training</td>" in text


def test_several_chosen_versions_are_compared_and_too_many_refused(chief, trained):
    copies = [copy_version(trained) for _ in range(6)]
    two = {"action": "compare", "_selected_action": [trained.pk, copies[0].pk]}
    assert chief.post(reverse(VERSIONS), two).url == "/models/compare?versions=1,2"
    all_of_them = {"action": "compare", "_selected_action": [trained.pk, *(copy.pk for copy in copies)]}
    assert "Choose two to 6 versions" in text_of(chief.post(reverse(VERSIONS), all_of_them, follow=True))


def test_the_lists_of_versions_and_stations_ask_a_fixed_number_of_queries(chief, trained):
    copy_version(trained)
    few = queries_of(chief, reverse(VERSIONS))
    for _ in range(5):
        copy_version(trained)
    assert queries_of(chief, reverse(VERSIONS)) == few
    all_stations = queries_of(chief, reverse(STATIONS))
    Station.objects.filter(name__gt="B").delete()
    assert queries_of(chief, reverse(STATIONS)) == all_stations


def test_a_version_is_drawn_in_the_admin(chief, trained):
    text = text_of(chief.get(reverse("admin:pipeline_modelversion_change", args=[trained.pk])))
    for drawn in ("Reliability: chances said against shares seen", "All boroughs", "How much the intervals hold"):
        assert drawn in text

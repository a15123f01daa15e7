"""Stations in the admin: on a map, in and out as files."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from pipeline.models import Station
from tests.integration.admin import STATIONS
from tests.integration.markup import text_of

pytestmark = pytest.mark.django_db


def sheet(*rows):
    names = "name,code,kind,borough_name,address,latitude,longitude,easting_m,northing_m,opened,closed"
    return SimpleUploadedFile("stations.csv", "\n".join([names, *rows]).encode(), content_type="text/csv")


def give(client, file, format_number=0):
    return client.post("/admin/pipeline/station/import/", {"import_file": file, "format": format_number})


ACTON = "Acton,G26,land,Ealing,Moved Road 1,51.506969,-0.276957,519679,180078,1938,"


def test_stations_are_shown_on_a_map(chief):
    text = text_of(chief.get(reverse(STATIONS)))
    assert "<title>Acton</title>" in text
    assert "<title>Belsize, closed</title>" in text
    assert '<td class="field-opened_in">1938</td>' in text
    one = text_of(chief.get(reverse("admin:pipeline_station_change", args=[Station.objects.get(name="Acton").pk])))
    assert 'class="chosen"' in one


def test_an_import_is_shown_before_it_is_done_and_changes_by_name(chief):
    new = "Newtown,Z99,land,Camden,New Road 2,51.541,-0.143,528867,184037,2025,"
    shown = give(chief, sheet(ACTON, new))
    assert "Moved" in text_of(shown)
    assert Station.objects.count() == 113
    confirm = shown.context["confirm_form"].initial
    answer = chief.post("/admin/pipeline/station/process_import/", confirm, follow=True)
    assert "1 new, 1 updated" in text_of(answer)
    assert Station.objects.get(name="Acton").address == "Moved Road 1"
    assert Station.objects.get(name="Newtown").code == "Z99"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ACTON.replace("51.506969", "61.5"), "less than or equal to 51.8"),
        (ACTON.replace("51.506969", "51.6"), "km from easting and northing"),
        (ACTON.replace("G26", "H26"), "Addington has the code H26 already"),
        (ACTON.replace("land", "sea"), "sea"),
        (ACTON.replace("519679", "far"), "far"),
    ],
)
def test_a_wrong_row_is_explained_and_nothing_is_imported(chief, row, words):
    shown = give(chief, sheet("Newtown,Z99,land,Camden,New Road 2,51.541,-0.143,528867,184037,2025,", row))
    assert words in text_of(shown)
    assert "confirm_form" not in shown.context
    assert Station.objects.count() == 113


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,code\nActon,G26\n", "latitude, longitude, easting_m, northing_m is missing"),
        (b"\xff\xfe\x00nonsense", "error"),
        (b"", "empty"),
        (b"name\n" + b"x" * 2_100_000, "shorter than 2.0 MB"),
    ],
)
def test_a_file_that_is_no_list_of_stations_is_refused(chief, content, words):
    shown = give(chief, SimpleUploadedFile("stations.csv", content))
    assert shown.status_code == 200
    assert words in text_of(shown)
    assert "Traceback" not in text_of(shown)
    assert "confirm_form" not in (shown.context or {})


@pytest.mark.parametrize(("number", "kind"), [(0, "csv"), (1, "xlsx"), (2, "json")])
def test_what_is_exported_can_be_imported_again(chief, number, kind):
    answer = chief.post("/admin/pipeline/station/export/", {"format": number, "resource": 0})
    assert f".{kind}" in answer["Content-Disposition"]
    if kind == "csv":
        assert ",51.506969,-0.276957,519679.0,180078.0,1938," in answer.content.decode()
    if kind == "json":
        assert len(json.loads(answer.content)) == 113
    shown = give(chief, SimpleUploadedFile(f"stations.{kind}", answer.content), number)
    assert shown.context["confirm_form"] is not None
    assert not shown.context["result"].has_validation_errors()
    assert {row.import_type for row in shown.context["result"].rows} == {"skip"}


def test_who_may_only_look_can_export_but_not_import(reader):
    assert reader.get("/admin/pipeline/station/export/").status_code == 200
    assert reader.get("/admin/pipeline/station/import/").status_code == 403

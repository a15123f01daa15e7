"""The catalogue of columns and the recognition of headers."""

import pytest

from pipeline.core import columns
from pipeline.core.errors import DataError, LeakError, MissingColumnError

INCIDENT_D = [
    "incident_number",
    "date_of_call",
    "cal_year",
    "time_of_call",
    "hour_of_call",
    "timestamp_of_call",
    "easting_rounded",
    "northing_rounded",
    "first_pump_arriving_attendance_time",
    "first_pump_arriving_deployed_from_station",
]


@pytest.mark.parametrize("dataset", ["incident", "mobilisation"])
def test_published_header_is_recognised_whole(dataset):
    match = columns.recognise(columns.published_names(dataset))
    assert (match.dataset, match.absent, match.unknown) == (dataset, (), ())


def test_byte_order_mark_and_blanks_around_names_do_not_matter():
    header = [f"\ufeff{columns.published_names('incident')[0]} ", *columns.published_names("incident")[1:]]
    assert columns.recognise(header).dataset == "incident"


def test_database_spelling_is_mapped_to_published_names():
    match = columns.recognise(INCIDENT_D)
    assert match.mapping["first_pump_arriving_attendance_time"] == "FirstPumpArriving_AttendanceTime"
    assert match.unknown == ()


def test_pump_hours_edition_leaves_pump_minutes_empty():
    header = [name.replace("PumpMinutesRounded", "PumpHoursRoundUp") for name in columns.published_names("incident")]
    match = columns.recognise(header)
    assert match.absent == ("PumpMinutesRounded",)
    assert match.unknown == ()


def test_mobilisations_with_borough_and_ward_are_recognised():
    header = [*columns.published_names("mobilisation"), "BoroughName", "WardName"]
    assert columns.recognise(header).unknown == ()


def test_unknown_column_is_named():
    assert columns.recognise([*columns.published_names("mobilisation"), "Colour"]).unknown == ("Colour",)


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        (dataset, column.published)
        for dataset in ("incident", "mobilisation")
        for column in columns.columns_of(dataset)
        if column.required
    ],
)
def test_missing_required_column_is_named(dataset, name):
    header = [found for found in columns.published_names(dataset) if found != name]
    with pytest.raises(MissingColumnError) as caught:
        columns.recognise(header)
    assert list(caught.value.fields) == [name]


def test_incidents_need_one_kind_of_grid_reference():
    both = {"Easting_m", "Northing_m", "Easting_rounded", "Northing_rounded"}
    header = [name for name in columns.published_names("incident") if name not in both]
    with pytest.raises(MissingColumnError, match="Easting_rounded"):
        columns.recognise(header)


def test_foreign_header_is_refused():
    with pytest.raises(DataError, match="a, b, c") as caught:
        columns.recognise(["a", "b", "c"])
    assert caught.value.code == "unrecognised_file"


OUTCOMES = sorted(
    {
        column.name
        for dataset in ("incident", "mobilisation")
        for column in columns.columns_of(dataset)
        if column.when_known == columns.OUTCOME
    }
)


@pytest.mark.parametrize(
    "name", [*OUTCOMES, "StopCodeDescription", "AttendanceTimeSeconds", "NumCalls", "anything_else"]
)
def test_outcome_or_unlisted_column_may_not_feed_a_model(name):
    with pytest.raises(LeakError) as caught:
        columns.require_known_when_sent(["distance_km", name])
    assert list(caught.value.fields) == [name]


def test_every_feature_known_when_sent_may_feed_a_model():
    columns.require_known_when_sent(
        [column.name for column in columns.FEATURE_COLUMNS if column.when_known in columns.KNOWN]
    )


@pytest.mark.parametrize(
    "name",
    [
        "stop_code_description",
        "incident_group",
        "special_service_type",
        "pumps_attending",
        "calls",
        "delay_code_id",
        "notional_cost_gbp",
    ],
)
def test_what_the_domain_calls_an_outcome_is_marked_so(name):
    assert name in OUTCOMES

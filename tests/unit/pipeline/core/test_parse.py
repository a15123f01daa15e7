"""Cells of text become typed columns."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import parse


def cells(*texts):
    return pd.Series(texts, dtype="str")


@pytest.mark.parametrize(
    "text",
    [
        "2023-03-19",
        "19-Mar-23",
        "19-Mar-2023",
        "19 Mar 2023",
        "19/03/2023",
        "45004",
        "45004.0",
        "2023-03-19 00:00:00",
        "2023-03-19T00:00:00",
        "19/03/2023 00:00",
        "19/03/2023 00:00:00",
    ],
)
def test_every_spelling_of_a_date_is_understood(text):
    dates, bad = parse.parse_date(cells(text))
    assert dates[0] == pd.Timestamp("2023-03-19")
    assert not bad[0]


@pytest.mark.parametrize("text", ["2023-13-01", "yesterday", "31/02/2023", "7", "0"])
def test_what_is_no_date_is_told(text):
    dates, bad = parse.parse_date(cells(text))
    assert dates.isna()[0]
    assert bad[0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:04:25", 265), ("00:04", 240), ("1899-12-31 14:11:51", 51_111), ("0.5", 43_200), ("23:59:59", 86_399)],
)
def test_every_spelling_of_a_time_is_understood(text, seconds):
    times, bad = parse.parse_time(cells(text))
    assert times[0] == pd.Timedelta(seconds=seconds)
    assert not bad[0]


@pytest.mark.parametrize("text", ["24:00:00", "12:60", "noon", "1.5", "-0.1"])
def test_what_is_no_time_is_told(text):
    assert parse.parse_time(cells(text))[1][0]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("01/02/2009 00:02:27", "2009-02-01 00:02:27"),
        ("01/02/2025 00:02", "2025-02-01 00:02"),
        ("2021-04-03 10:18:23+00:00", "2021-04-03 10:18:23"),
        ("2021-04-03T10:18:23Z", "2021-04-03 10:18:23"),
        ("44289.5", "2021-04-03 12:00"),
    ],
)
def test_every_spelling_of_a_moment_is_understood_day_first(text, moment):
    moments, bad = parse.parse_timestamp(cells(text))
    assert moments[0] == pd.Timestamp(moment)
    assert not bad[0]


def test_another_offset_than_gmt_is_refused():
    assert parse.parse_timestamp(cells("2021-04-03 10:18:23+01:00"))[1][0]


@pytest.mark.parametrize(("text", "number"), [("348", 348), ("348.0", 348), ("348.00", 348), ("-5", -5), ("1e3", 1000)])
def test_whole_numbers_in_any_dress_are_understood(text, number):
    assert parse.parse_integer(cells(text))[0][0] == number


@pytest.mark.parametrize("text", ["348.5", "abc", "1,000", "inf", "1e400", "99999999999999999999"])
def test_what_is_no_whole_number_is_told(text):
    numbers, bad = parse.parse_integer(cells(text))
    assert pd.isna(numbers[0])
    assert bad[0]


@pytest.mark.parametrize(
    ("text", "key"),
    [("235138081.0", "235138081"), ("1091", "1091"), ("000008-01012018", "000008-01012018"), ("1091.00", "1091")],
)
def test_incident_numbers_of_all_years_are_understood(text, key):
    keys, bad = parse.parse_key(cells(text))
    assert keys[0] == key
    assert not bad[0]


@pytest.mark.parametrize("text", ["12-34", "x", "1.5", "000008-010120188"])
def test_what_is_no_incident_number_is_told(text):
    assert parse.parse_key(cells(text))[1][0]


@pytest.mark.parametrize("word", ["NULL", "", "  ", "nan", " null "])
def test_words_for_nothing_are_missing(word):
    assert parse.clean_text(cells(word)).isna()[0]


@pytest.mark.parametrize("parser", list(parse.PARSERS.values()))
@pytest.mark.parametrize("values", [(), (None,), (None, None, None)])
def test_empty_and_missing_cells_pass_every_parser(parser, values):
    parsed, bad = parser(cells(*values))
    assert len(parsed) == len(values)
    assert not bad.any()


@given(
    st.datetimes(
        min_value=pd.Timestamp("2009-01-01").to_pydatetime(), max_value=pd.Timestamp("2030-01-01").to_pydatetime()
    )
)
def test_a_moment_survives_the_published_spelling(moment):
    moment = moment.replace(microsecond=0)
    parsed, _ = parse.parse_timestamp(cells(moment.strftime("%d/%m/%Y %H:%M:%S")))
    assert parsed[0] == pd.Timestamp(moment)

"""Figures of the response times, against a second method and by hand."""

import numpy as np
import pandas as pd
import pytest

from pipeline.core import response_times as core

STANDARDS = {
    "first": {"mean_seconds": 360, "within_seconds": 600, "within_share": 0.9},
    "second": {"mean_seconds": 480, "within_seconds": 720, "within_share": 0.95},
}
STATIONS = ["Acton", "Soho"]


def incidents(**columns):
    """Validated incidents; each column replaces that of a call in Ealing."""
    count = max((len(values) for values in columns.values()), default=0)
    usual = {
        "incident_number": [f"{number:06d}-19032023" for number in range(count)],
        "called_at": pd.to_datetime(["2023-03-19 14:11:51"] * count),
        "proper_case": ["Ealing"] * count,
        "borough_name": ["EALING"] * count,
        "ward_code": ["E05013521"] * count,
        "ward_name": [np.nan] * count,
        "ward_name_new": ["SOUTH ACTON"] * count,
        "station_ground": ["Acton"] * count,
        "first_pump_attendance_seconds": [300] * count,
        "second_pump_attendance_seconds": [pd.NA] * count,
    }
    frame = pd.DataFrame(usual | columns)
    texts = [
        "incident_number",
        "proper_case",
        "borough_name",
        "ward_code",
        "ward_name",
        "ward_name_new",
        "station_ground",
    ]
    frame["called_at"] = pd.to_datetime(frame["called_at"]).astype("datetime64[s]")
    seconds = ["first_pump_attendance_seconds", "second_pump_attendance_seconds"]
    return frame.astype(dict.fromkeys(texts, "str") | dict.fromkeys(seconds, "Int64"))


def mobilisations(**columns):
    count = max((len(values) for values in columns.values()), default=0)
    usual = {
        "incident_number": [f"{number:06d}-19032023" for number in range(count)],
        "performance_reporting": ["1"] * count,
        "pump_order": [1] * count,
        "attendance_seconds": [300] * count,
        "delay_code_description": [np.nan] * count,
    }
    frame = pd.DataFrame(usual | columns)
    texts = ["incident_number", "performance_reporting", "delay_code_description"]
    return frame.astype(dict.fromkeys(texts, "str") | dict.fromkeys(("pump_order", "attendance_seconds"), "Int64"))


def figures(frame):
    return core.figures(core.attendances(frame, STATIONS), STANDARDS)


def only(table, dimension, pump=1, year=0, borough="", **more):
    chosen = (table["dimension"] == dimension) & (table["pump"] == pump)
    chosen &= (table["year"] == year) & (table["borough"] == borough)
    for name, value in more.items():
        chosen &= table[name] == value
    return table[chosen]


def test_five_calls_by_hand():
    total = only(figures(incidents(first_pump_attendance_seconds=[100, 200, 300, 400, 1_000])), "total").iloc[0]
    assert total["calls"] == 5
    assert (total["mean_seconds"], total["median_seconds"]) == (400, 300)
    assert total["p90_seconds"] == pytest.approx(760)  # 0.6 of the way from 400 to 1,000
    assert (total["share_within_average"], total["share_within_limit"]) == (0.6, 0.8)


def test_four_calls_are_not_shown_in_any_table():
    table = figures(incidents(first_pump_attendance_seconds=[100, 200, 300, 400]))
    assert len(table) > 0
    assert table[["calls", *core.FIGURE_NAMES]].isna().all().all()


@pytest.mark.parametrize("count", [0, 1])
def test_no_calls_and_one_call_make_no_figures(count):
    table = figures(incidents(first_pump_attendance_seconds=[300] * count))
    assert table["calls"].isna().all()
    assert (len(table) > 0) == (count > 0)


def test_times_that_are_missing_nought_or_too_long_do_not_count():
    seconds = [pd.NA, 0, 1, 1_200, 1_201, 300, 300, 300]
    counted = core.attendances(incidents(first_pump_attendance_seconds=seconds), STATIONS)
    assert counted.left_out == {"not within 1 to 1,200 seconds": 2}
    assert sorted(counted.frame["seconds"]) == [1, 300, 300, 300, 1_200]


def test_a_call_without_a_time_or_place_is_not_lost_where_it_can_count():
    frame = incidents(
        proper_case=["Ealing"] * 5 + ["NOT GEO-CODED"] * 5,
        borough_name=["EALING"] * 5 + ["NOT GEO-CODED"] * 5,
        ward_code=["E05013521"] * 5 + [np.nan] * 5,
    )
    table = figures(frame)
    assert only(table, "total")["calls"].tolist() == [10]
    assert only(table, "total", borough="Ealing")["calls"].tolist() == [5]
    frame.loc[0, "called_at"] = pd.NaT
    assert only(figures(frame), "total")["calls"].tolist() == [9]


def test_pumps_are_judged_by_their_own_standard():
    table = figures(incidents(second_pump_attendance_seconds=[400, 500, 600, 700, 800]))
    second = only(table, "total", pump=2).iloc[0]
    assert (second["share_within_average"], second["share_within_limit"]) == (pytest.approx(0.2), pytest.approx(0.8))


def test_names_read_as_people_write_them():
    table = figures(incidents(proper_case=["Hammersmith And fulham"] * 5, station_ground=["acton"] * 5))
    assert set(table["borough"]) == {"", "Hammersmith and Fulham"}
    assert only(table, "ward", borough="Hammersmith and Fulham")["name"].tolist() == ["South Acton"]
    assert only(table, "station_ground")["group"].tolist() == ["Acton"]


def test_wards_of_one_name_show_their_codes():
    codes = ["E05000001"] * 5 + ["E05000002"] * 5 + ["E05000003"] * 5
    names = ["ABBEY"] * 5 + ["Abbey"] * 5 + ["Grove"] * 5
    wards = only(figures(incidents(ward_code=codes, ward_name_new=names)), "ward", borough="Ealing")
    assert wards["name"].tolist() == ["Abbey (E05000001)", "Abbey (E05000002)", "Grove"]


def test_moments_are_those_of_the_call():
    table = figures(incidents(called_at=["2023-12-31 23:59:59"] * 5))
    assert only(table, "hour")["group"].tolist() == ["23"]
    assert only(table, "weekday")["group"].tolist() == ["Sunday"]
    assert only(table, "hour_weekday")["group"].tolist() == ["Sunday 23"]
    assert only(table, "month")["group"].tolist() == ["2023-12"]
    assert only(table, "total", year=2023)["calls"].tolist() == [5]


def random_incidents(count, seed=3):
    generator = np.random.default_rng(seed)
    boroughs = np.array(["Ealing", "Camden", "Brent", "NOT GEO-CODED"])[generator.integers(0, 4, count)]
    second = pd.array(generator.integers(100, 1_300, count), dtype="Int64")
    second[generator.random(count) < 0.6] = pd.NA
    return incidents(
        called_at=pd.Timestamp("2021-01-01")
        + pd.to_timedelta(generator.integers(0, 3 * 365 * 86_400, count), unit="s"),
        proper_case=boroughs,
        borough_name=boroughs,
        ward_code=np.char.add("E0500", generator.integers(0, 9, count).astype(str)),
        station_ground=np.array(STATIONS)[generator.integers(0, 2, count)],
        first_pump_attendance_seconds=generator.integers(0, 1_300, count),
        second_pump_attendance_seconds=second,
    )


KEYS = {
    "total": [],
    "ward": ["ward_code"],
    "station_ground": ["station_ground"],
    "hour": ["hour"],
    "weekday": ["weekday"],
    "hour_weekday": ["weekday", "hour"],
    "month": ["month"],
}


@pytest.mark.parametrize("dimension", KEYS)
def test_figures_agree_with_a_plain_groupby(dimension):
    frame = random_incidents(6_000)
    table = figures(frame)
    long = pd.concat(
        [
            frame.assign(seconds=frame[f"{name}_pump_attendance_seconds"], pump=pump)
            for name, pump in (("first", 1), ("second", 2))
        ]
    )
    long = long[long["seconds"].between(1, 1_200)].astype({"seconds": "float64"})
    called = long["called_at"].dt
    long = long.assign(
        hour=called.strftime("%H"), weekday=called.day_name(), month=called.strftime("%Y-%m"), year=called.year
    )
    compared = 0
    for year in (0, 2021, 2022, 2023):
        for borough in ("", "Ealing", "Camden"):
            rows = long if year == 0 else long[long["year"] == year]
            rows = rows if borough == "" else rows[rows["proper_case"] == borough]
            for pump, name in ((1, "first"), (2, "second")):
                part = rows[rows["pump"] == pump]
                keys = KEYS[dimension]
                groups = {"": part} if not keys else {" ".join(key): group for key, group in part.groupby(keys)}
                for found in only(table, dimension, pump=pump, year=year, borough=borough).itertuples():
                    group = groups[found.group]
                    if found.calls is pd.NA:
                        continue
                    seconds, standard = group["seconds"], STANDARDS[name]
                    wanted = [
                        len(seconds), seconds.mean(), seconds.median(), seconds.quantile(0.9),
                        (seconds <= standard["mean_seconds"]).mean(), (seconds <= standard["within_seconds"]).mean(),
                    ]  # fmt: skip
                    assert [found.calls, *(getattr(found, name) for name in core.FIGURE_NAMES)] == pytest.approx(wanted)
                    compared += 1
    assert compared > 5


def test_every_group_with_calls_has_a_row_and_small_ones_have_no_figure():
    frame = random_incidents(300)
    table = only(figures(frame), "hour_weekday", borough="Ealing")
    chosen = frame[(frame["proper_case"] == "Ealing") & frame["first_pump_attendance_seconds"].between(1, 1_200)]
    calls = chosen.groupby(chosen["called_at"].dt.strftime("%A %H")).size()
    assert set(table["group"]) == set(calls.index)
    assert table.loc[table["calls"].isna(), "group"].map(calls).min() >= 1
    assert (table["calls"].dropna() >= 5).all()


def test_delays_come_from_the_pumps_that_count_with_the_place_of_their_incident():
    counted = core.delays(
        incidents(proper_case=["Ealing"] * 6),
        mobilisations(
            incident_number=[f"{number:06d}-19032023" for number in (0, 1, 2, 3, 4, 5, 5, 5, 99, 0)],
            performance_reporting=["1"] * 6 + ["Not Used", "2", "1", "1"],
            attendance_seconds=[300] * 9 + [0],
            delay_code_description=["Traffic, roadworks, etc"] * 5 + [np.nan] * 5,
        ),
    )
    assert counted.left_out == {"not within 1 to 1,200 seconds": 1, "without their incident": 1}
    table = core.figures(counted, STANDARDS)
    assert set(table["dimension"]) == {"delay_reason"}
    assert set(table["group"]) == {"Traffic, roadworks, etc", core.NO_REASON}
    assert len(counted.frame) == 7
    assert counted.frame["borough"].eq("Ealing").all()


def test_an_edition_that_does_not_say_which_pump_counts_goes_by_the_order():
    counted = core.delays(
        incidents(proper_case=["Ealing"] * 3),
        mobilisations(performance_reporting=[np.nan] * 3, pump_order=[1, 2, 3]),
    )
    assert sorted(counted.frame["pump"]) == [1, 2]


def test_a_single_small_group_takes_the_next_one_with_it():
    frame = incidents(station_ground=["Acton"] * 3 + ["Soho"] * 9 + ["Ealing"] * 40)
    grounds = only(figures(frame), "station_ground").set_index("group")["calls"]
    assert grounds.isna().to_dict() == {"Acton": True, "Soho": True, "Ealing": False}


@pytest.mark.parametrize(
    ("dimension", "added_up"),
    [
        ("station_ground", ["group"]),
        ("station_ground", ["borough"]),
        ("station_ground", ["year"]),
        ("hour", ["borough"]),
        ("ward", ["group"]),
        ("ward", ["year"]),
        ("total", ["borough"]),
    ],
)
def test_no_table_tells_a_hidden_group_by_subtraction(dimension, added_up):
    frame = random_incidents(120, seed=11)
    table = figures(frame)
    table = table[table["dimension"] == dimension]
    for name, all_of_them in (("borough", ""), ("year", 0)):
        if name in added_up:
            table = table[table[name] != all_of_them]
    keys = [name for name in ("group", "borough", "year", "pump") if name not in added_up]
    hidden = table["calls"].isna().groupby([table[name] for name in keys]).agg(["sum", "size"])
    assert (hidden["sum"] > 0).any()
    # A lone hidden group is one that is alone in its table, where there is nothing to subtract.
    assert ((hidden["sum"] != 1) | (hidden["size"] == 1)).all()


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "pump", "calls", "mean", "median", "p90"),
    [
        ("incidents_2017_jan_mar_bigquery.csv.gz", "first", 22_180, 319.0, 299, 475),
        ("incidents_2017_jan_mar_bigquery.csv.gz", "second", 8_848, 400.3, 373, 586),
    ],
)
def test_real_records_give_the_figures_computed_elsewhere(real_data, file, pump, calls, mean, median, p90):
    raw = pd.read_csv(real_data / file, dtype="str")
    raw = raw.rename(
        columns={
            "incident_station_ground": "station_ground",
            "first_pump_arriving_attendance_time": "first_pump_attendance_seconds",
            "second_pump_arriving_attendance_time": "second_pump_attendance_seconds",
        }
    )
    raw["called_at"] = pd.to_datetime(raw["date_of_call"]) + pd.to_timedelta(raw["time_of_call"])
    for name in ("first", "second"):
        raw[f"{name}_pump_attendance_seconds"] = pd.to_numeric(raw[f"{name}_pump_attendance_seconds"])
    total = only(figures(raw), "total", pump=core.PUMPS[pump]).iloc[0]
    assert total["calls"] == calls
    assert [total["mean_seconds"], total["median_seconds"], total["p90_seconds"]] == pytest.approx(
        [mean, median, p90], abs=0.1
    )

"""Tables keep their rows, types and bytes on the way through files."""

import pandas as pd
import pytest

from pipeline.core.columns import FEATURE_COLUMNS, FEATURE_FILE_NAMES, columns_of
from pipeline.core.errors import DataError, MissingColumnError, MissingInputError
from pipeline.core.features import incident_pump_rows
from pipeline.core.validate import Validator
from pipeline.storage import tables
from tests.frames import chunk


def validated(dataset, *rows):
    return Validator(dataset, ["Acton", "Ealing"]).check(chunk(dataset, *rows)).frame


def write(tmp_path, dataset, *frames, name="x"):
    paths = tmp_path / f"{name}.csv", tmp_path / f"{name}.parquet"
    with tables.TableWriter(*paths, columns_of(dataset)) as writer:
        for frame in frames:
            writer.write(frame)
    return paths


@pytest.mark.parametrize("dataset", ["incident", "mobilisation"])
def test_processed_rows_come_back_as_they_went(tmp_path, dataset):
    frame = validated(dataset, {}, {})
    _, parquet = write(tmp_path, dataset, frame)
    pd.testing.assert_frame_equal(tables.read_processed(parquet, dataset), frame, check_dtype=False)


def test_processed_csv_keeps_published_names_and_plain_values(tmp_path):
    csv, _ = write(tmp_path, "incident", validated("incident", {"SecondPumpArriving_AttendanceTime": None}))
    row = pd.read_csv(csv, dtype=str, keep_default_na=False).iloc[0]
    assert row["DateOfCall"] == "2023-03-19"
    assert row["TimeOfCall"] == "14:11:51"
    assert row["FirstPumpArriving_AttendanceTime"] == "316"
    assert row["SecondPumpArriving_AttendanceTime"] == ""
    assert list(row.index) == [column.published for column in columns_of("incident")]


def test_the_same_rows_give_the_same_bytes(tmp_path):
    frame = validated("mobilisation", {}, {}, {})
    first, second = write(tmp_path, "mobilisation", frame, name="a"), write(tmp_path, "mobilisation", frame, name="b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_only_the_wanted_columns_are_read(tmp_path):
    _, parquet = write(tmp_path, "incident", validated("incident", {}))
    frame = tables.read_processed(parquet, "incident", ["incident_number", "easting_m"])
    assert list(frame.columns) == ["incident_number", "easting_m"]


def test_a_missing_table_says_what_to_run(tmp_path):
    with pytest.raises(MissingInputError) as caught:
        tables.read_processed(tmp_path / "incident_data.parquet", "incident")
    assert "process_data" in caught.value.hint


def test_rejects_keep_reason_and_cells(tmp_path):
    result = Validator("incident", ["Acton"]).check(chunk("incident", {"DateOfCall": "soon"}))
    with tables.RejectsWriter(tmp_path / "r.csv", "incident") as writer:
        writer.write(result.rejects)
        writer.write(result.rejects.iloc[:0])
    row = pd.read_csv(tmp_path / "r.csv", dtype=str).iloc[0]
    assert row[["reason", "source_row", "DateOfCall"]].tolist() == ["bad_date", "2", "soon"]


def test_a_pickle_holds_the_table_under_published_names(tmp_path):
    csv, parquet = write(tmp_path, "incident", validated("incident", {}))
    tables.write_pickle(csv, parquet, tmp_path / "x.pkl")
    frame = pd.read_pickle(tmp_path / "x.pkl")
    assert frame.loc[0, "IncidentNumber"] == "000001-19032023"


@pytest.fixture
def features(stations):
    return incident_pump_rows(validated("incident", {}, {"Easting_m": None, "Northing_m": None}), stations).frame


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_features_come_back_as_they_went(tmp_path, features, suffix):
    tables.write_features(features, tmp_path / "f.csv", tmp_path / "f.parquet")
    pd.testing.assert_frame_equal(tables.read_features(tmp_path / f"f.{suffix}"), features, check_dtype=False)


@pytest.mark.parametrize("name", FEATURE_FILE_NAMES.values())
def test_a_feature_file_without_a_contract_column_names_it(tmp_path, features, name):
    tables.write_features(features, tmp_path / "f.csv", tmp_path / "f.parquet")
    pd.read_csv(tmp_path / "f.csv").drop(columns=name).to_csv(tmp_path / "f.csv", index=False)
    with pytest.raises(MissingColumnError) as caught:
        tables.read_features(tmp_path / "f.csv")
    assert list(caught.value.fields) == [name]


def test_a_feature_cell_of_the_wrong_kind_is_told(tmp_path, features):
    tables.write_features(features, tmp_path / "f.csv", tmp_path / "f.parquet")
    text = (tmp_path / "f.csv").read_text().replace("316", "soon")
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(DataError, match="soon"):
        tables.read_features(tmp_path / "f.csv")


@pytest.mark.parametrize("column", [column.published for column in FEATURE_COLUMNS if column.required])
def test_an_empty_cell_of_a_needed_column_is_told_with_its_column(tmp_path, features, column):
    tables.write_features(features, tmp_path / "f.csv", tmp_path / "f.parquet")
    rows = pd.read_csv(tmp_path / "f.csv", dtype=str)
    rows.loc[0, column] = None
    rows.to_csv(tmp_path / "f.csv", index=False)
    with pytest.raises(DataError) as caught:
        tables.read_features(tmp_path / "f.csv")
    assert (caught.value.code, caught.value.fields) == ("empty_cells", {column: 1})


@pytest.mark.parametrize("cell", ["nan", "NaN", "inf", "-inf"])
@pytest.mark.parametrize("column", ["distance", "AttendanceTimeSeconds"])
def test_a_needed_cell_that_is_no_finite_number_is_told(tmp_path, features, column, cell):
    tables.write_features(features, tmp_path / "f.csv", tmp_path / "f.parquet")
    rows = pd.read_csv(tmp_path / "f.csv", dtype=str)
    rows.loc[0, column] = cell
    rows.to_csv(tmp_path / "f.csv", index=False)
    with pytest.raises(DataError) as caught:
        tables.read_features(tmp_path / "f.csv")
    assert caught.value.fields == {column: 1}


def test_a_repeated_feature_column_is_told(tmp_path, features):
    tables.write_features(features, tmp_path / "f.csv", tmp_path / "f.parquet")
    header, *rows = (tmp_path / "f.csv").read_text().splitlines()
    (tmp_path / "f.csv").write_text("\n".join([f"{header},distance", *(f"{row},1.0" for row in rows)]))
    with pytest.raises(DataError) as caught:
        tables.read_features(tmp_path / "f.csv")
    assert list(caught.value.fields) == ["distance"]


def test_a_parquet_column_of_the_wrong_type_is_told(tmp_path, features):
    tables.write_features(features, tmp_path / "f.csv", tmp_path / "f.parquet")
    pd.read_parquet(tmp_path / "f.parquet").assign(distance="far").to_parquet(tmp_path / "f.parquet")
    with pytest.raises(DataError, match="far"):
        tables.read_features(tmp_path / "f.parquet")

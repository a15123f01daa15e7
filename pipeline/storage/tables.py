"""Writes and reads the tables between steps: CSV for people, Parquet for the next step, pickle on request.

Rows keep the order they come in, and the same rows always give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from pipeline.core.columns import FEATURE_COLUMNS, Column, columns_of
from pipeline.core.errors import DataError, MissingColumnError, MissingInputError

_ARROW_TYPES = {
    "text": pa.large_string(), "key": pa.large_string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
    "date": pa.date32(), "time": pa.time32("s"), "timestamp": pa.timestamp("s"),
}  # fmt: skip

_FEATURES_HINT = "Make the file with manage.py build_features."


def _schema(columns: Sequence[Column]) -> pa.Schema:
    return pa.schema([(column.published, _ARROW_TYPES[column.kind]) for column in columns])


def to_arrow(frame: pd.DataFrame, columns: Sequence[Column]) -> pa.Table:
    """A typed frame under published names and with the catalogue's types; columns beyond the catalogue are left out."""
    arrays = []
    for column in columns:
        values = frame[column.name]
        if column.kind == "time":
            # Seconds since midnight: Arrow has no cast from a duration to a time of day.
            values = values.dt.total_seconds().astype("Int32")
        wanted = _ARROW_TYPES[column.kind]
        array = pa.Array.from_pandas(values)
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if column.kind == "time":
            array = array.cast(pa.int32())
        arrays.append(array.cast(wanted, safe=column.kind not in ("date", "timestamp")))
    return pa.Table.from_arrays(arrays, schema=_schema(columns))


class TableWriter:
    """Writes typed frames, one after another, to a CSV and a Parquet file of the same rows."""

    def __init__(self, csv_path: Path, parquet_path: Path, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.rows = 0
        schema = _schema(columns)
        options = pyarrow.csv.WriteOptions(include_header=True, quoting_style="needed")
        self._csv = pyarrow.csv.CSVWriter(csv_path, schema, write_options=options)
        self._parquet = pq.ParquetWriter(parquet_path, schema, compression="zstd")

    def write(self, frame: pd.DataFrame) -> None:
        table = to_arrow(frame, self.columns)
        self.rows += table.num_rows
        self._csv.write(table)
        self._parquet.write_table(table)

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._csv.close()
        self._parquet.close()


class RejectsWriter:
    """Writes rejected rows as they came, with file, row number and reason in front; text cells only."""

    def __init__(self, path: Path, dataset: str) -> None:
        names = [
            "reason",
            "source_file",
            "source_row",
            *(column.published for column in columns_of(dataset)),
            "row_text",
        ]
        self._schema = pa.schema([(name, pa.large_string()) for name in names])
        self._csv = pyarrow.csv.CSVWriter(path, self._schema)

    def write(self, rejects: pd.DataFrame) -> None:
        if rejects.empty:
            return
        whole = rejects.reindex(columns=self._schema.names)
        arrays = [
            pa.array([None if pd.isna(cell) else str(cell) for cell in whole[name]], pa.large_string())
            for name in whole
        ]
        self._csv.write(pa.Table.from_arrays(arrays, schema=self._schema))

    def __enter__(self) -> RejectsWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._csv.close()


def read_processed(parquet_path: Path, dataset: str, names: Sequence[str] | None = None) -> pd.DataFrame:
    """The processed incidents or mobilisations, typed, snake_case; only the columns `names` where given.

    Incidents come with `called_at` where date_of_call and time_of_call are among them. Raises MissingInputError.
    """
    if not parquet_path.exists():
        raise MissingInputError(
            f"There is no processed {dataset} data: {parquet_path.name} is missing.",
            hint=f"Run manage.py process_data --type {dataset} first.",
        )
    wanted = [column for column in columns_of(dataset) if names is None or column.name in names]
    table = pq.read_table(parquet_path, columns=[column.published for column in wanted])
    frame: pd.DataFrame = table.rename_columns([column.name for column in wanted]).to_pandas(
        types_mapper=_frame_type, date_as_object=False
    )
    if {"date_of_call", "time_of_call"} <= set(frame.columns):
        # Parquet keeps times of day in milliseconds at the coarsest.
        seconds = table.column("TimeOfCall").cast(pa.time32("s")).cast(pa.int32()).to_numpy()
        frame["time_of_call"] = pd.to_timedelta(seconds, unit="s")
        frame.insert(1, "called_at", frame["date_of_call"].astype("datetime64[s]") + frame["time_of_call"])
    return frame


def _frame_type(arrow_type: pa.DataType) -> object:
    if pa.types.is_int64(arrow_type):
        return pd.Int64Dtype()
    if pa.types.is_large_string(arrow_type) or pa.types.is_string(arrow_type):
        return pd.StringDtype(na_value=float("nan"))
    return None


def write_features(features: pd.DataFrame, csv_path: Path, parquet_path: Path) -> None:
    """The feature frame as CSV and Parquet, under the names the contract fixes."""
    with TableWriter(csv_path, parquet_path, FEATURE_COLUMNS) as writer:
        writer.write(features)


def write_plain_csv(frame: pd.DataFrame, path: Path) -> None:
    """A small frame as it stands, for people to read."""
    frame.to_csv(path, index=False, lineterminator="\n", date_format="%Y-%m-%d %H:%M:%S")


def read_features(path: Path) -> pd.DataFrame:
    """A feature file (.csv or .parquet) as the typed feature frame.

    Raises MissingInputError where there is no file, MissingColumnError where needed columns are missing, DataError where
    a column is repeated, a cell does not fit its column, or a needed cell is empty. Optional columns that are missing
    come out empty.
    """
    if not path.exists():
        raise MissingInputError(f"There is no feature file {path.name}.", hint="Run manage.py build_features first.")
    schema = _schema(FEATURE_COLUMNS)
    try:
        table = pq.read_table(path) if path.suffix == ".parquet" else _read_features_csv(path, schema)
        _require_columns(table.column_names, path.name)
        for column in FEATURE_COLUMNS:
            if column.published not in table.column_names:
                table = table.append_column(column.published, pa.nulls(table.num_rows, _ARROW_TYPES[column.kind]))
        table = table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"{path.name} cannot be read: {error}.", code="unreadable_features", hint=_FEATURES_HINT
        ) from error
    _require_filled(table, path.name)
    frame: pd.DataFrame = table.rename_columns([column.name for column in FEATURE_COLUMNS]).to_pandas()
    for column in FEATURE_COLUMNS:
        if column.kind in ("text", "key"):
            frame[column.name] = frame[column.name].astype("str")
    return frame


def _read_features_csv(path: Path, schema: pa.Schema) -> pa.Table:
    return pyarrow.csv.read_csv(
        path,
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=schema, strings_can_be_null=True, null_values=[""], include_missing_columns=False
        ),
    )


def _require_columns(found: Sequence[str], file: str) -> None:
    """Every needed column is there, and none of the catalogue's stands there twice."""
    missing = [column.published for column in FEATURE_COLUMNS if column.required and column.published not in found]
    if missing:
        raise MissingColumnError(
            f"{file} lacks {', '.join(missing)}.", hint=_FEATURES_HINT, fields=dict.fromkeys(missing, "missing")
        )
    repeated = [column.published for column in FEATURE_COLUMNS if found.count(column.published) > 1]
    if repeated:
        raise DataError(
            f"{file} holds {', '.join(repeated)} more than once: which one is meant cannot be told.",
            code="repeated_column",
            hint=_FEATURES_HINT,
            fields=dict.fromkeys(repeated, "repeated"),
        )


def _require_filled(table: pa.Table, file: str) -> None:
    """A row without one of the needed cells can neither teach a model nor judge it."""
    empty = {
        column.published: _rows_without(table.column(column.published)) for column in FEATURE_COLUMNS if column.required
    }
    empty = {name: rows for name, rows in empty.items() if rows}
    if empty:
        told = ", ".join(f"{name} has no value in {rows}" for name, rows in empty.items())
        raise DataError(
            f"{file} has rows that cannot be used: of {table.num_rows} rows {told}.",
            code="empty_cells",
            hint=_FEATURES_HINT,
            fields=empty,
        )


def _rows_without(column: pa.ChunkedArray) -> int:
    """How many cells hold nothing, or what Arrow reads as a float and is no number: NaN and infinity."""
    if not pa.types.is_floating(column.type):
        return int(column.null_count)
    return len(column) - int(pc.sum(pc.is_finite(column)).as_py() or 0)


def write_pickle(csv_path: Path, parquet_path: Path, pickle_path: Path) -> None:
    """The processed table as a pickled pandas frame under published names, for notebooks that want one."""
    if not parquet_path.exists():
        raise MissingInputError(f"{csv_path.name} cannot be converted: {parquet_path.name} beside it is missing.")
    pq.read_table(parquet_path).to_pandas(types_mapper=_frame_type, date_as_object=False).to_pickle(pickle_path)

"""Writes and reads the figures of the response times: one Parquet file that carries what stands behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.errors import DataError, MissingInputError
from pipeline.core.response_groups import FIGURE_NAMES

# Figures and facts are one file: a reader never meets the one of this run with the other of the last.
_FACTS = b"response_times"
_SCHEMA = pa.schema(
    [
        *((name, pa.dictionary(pa.int32(), pa.string())) for name in ("dimension", "group", "name", "borough")),
        ("year", pa.int16()),
        ("pump", pa.int8()),
        ("calls", pa.int32()),
        *((name, pa.float32()) for name in FIGURE_NAMES),
    ]
)


def write_figures(figures: pd.DataFrame, facts: dict[str, Any], path: Path) -> None:
    """`figures` as `core.response_times.figures` makes them, with `facts` that JSON can hold. The caller stages `path`."""
    table = pa.Table.from_pandas(figures, schema=_SCHEMA, preserve_index=False)
    text = json.dumps(facts, sort_keys=True)
    pq.write_table(table.replace_schema_metadata({_FACTS: text.encode()}), path, compression="zstd")


def read_figures(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The figures (texts as categories, shares and seconds float32, `calls` missing where hidden) and their facts.

    Raises MissingInputError where there is no file, DataError where it is not one of these.
    """
    try:
        table = pq.read_table(path, schema=_SCHEMA)
        facts = json.loads(pq.read_schema(path).metadata[_FACTS])
    except FileNotFoundError:
        raise MissingInputError(
            "There are no response times yet.", hint="They are counted by manage.py build_features, after process_data."
        ) from None
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path.name} cannot be read.", code="unreadable_response_times", hint="Run manage.py build_features again."
        ) from error
    return table.to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get), facts

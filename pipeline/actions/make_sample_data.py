"""Generate both input files in the published format."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from django.conf import settings
from openpyxl import Workbook

from pipeline.actions.build_features import station_frame
from pipeline.core import columns
from pipeline.core.errors import ParameterError
from pipeline.core.params import DATASETS, MakeSampleDataParams
from pipeline.core.results import StepResult
from pipeline.core.sample import SampleParams, sample_chunks
from pipeline.runs import RunContext
from pipeline.storage import hashing
from pipeline.storage.outputs import OutputSet

SHEET_ROWS = 1_048_575  # below the header


def make_sample_data(params: MakeSampleDataParams, context: RunContext) -> StepResult:
    """Write incident_sample and mobilisation_sample, both or neither, into the output folder."""
    folder = Path(params.output_dir) if params.output_dir else Path(settings.LFB_DATA_DIR) / "sample"
    folder.mkdir(parents=True, exist_ok=True)
    sample = SampleParams(params.incidents, params.years, params.seed)
    names = {dataset: f"{dataset}_sample.{params.format}" for dataset in DATASETS}
    made, written = 0, 0
    with OutputSet(folder, context.owner) as out:
        writers = {dataset: _writer(params.format, dataset, out.path(name)) for dataset, name in names.items()}
        for chunks in sample_chunks(sample, station_frame()):
            for dataset, chunk in zip(DATASETS, chunks, strict=True):
                writers[dataset].write(chunk)
                written += len(chunk)
            made += len(chunks[0])
            context.progress("make sample data", made, sample.incidents)
        for writer in writers.values():
            writer.close()
        out.commit()
    outputs = tuple(hashing.file_record(name, folder / name, is_sample=True) for name in names.values())
    return StepResult(rows_in=0, rows_out=written, outputs=outputs, is_sample=True, metrics={"incidents": made})


class _CsvWriter:
    """Text cells as the publisher writes them: NULL for what is missing."""

    def __init__(self, dataset: str, path: Path) -> None:
        self.schema = pa.schema([(name, pa.large_string()) for name in columns.published_names(dataset)])
        self.csv = pyarrow.csv.CSVWriter(
            path, self.schema, write_options=pyarrow.csv.WriteOptions(quoting_style="needed", quoting_header="none")
        )

    def write(self, chunk: pd.DataFrame) -> None:
        self.csv.write(pa.Table.from_pandas(chunk.fillna("NULL"), schema=self.schema, preserve_index=False))

    def close(self) -> None:
        self.csv.close()


class _WorkbookWriter:
    """One sheet of text cells; for trying workbooks out, not for speed."""

    def __init__(self, dataset: str, path: Path) -> None:
        self.path, self.rows = path, 0
        self.book = Workbook(write_only=True)
        self.sheet = self.book.create_sheet("Sheet1")
        self.sheet.append(columns.published_names(dataset))

    def write(self, chunk: pd.DataFrame) -> None:
        self.rows += len(chunk)
        if self.rows > SHEET_ROWS:
            raise ParameterError(f"A sheet holds at most {SHEET_ROWS:,} rows: make a CSV file instead.")
        for row in chunk.astype(object).where(chunk.notna(), None).itertuples(index=False, name=None):
            self.sheet.append(row)

    def close(self) -> None:
        self.book.save(self.path)


def _writer(kind: str, dataset: str, path: Path) -> _CsvWriter | _WorkbookWriter:
    return _CsvWriter(dataset, path) if kind == "csv" else _WorkbookWriter(dataset, path)

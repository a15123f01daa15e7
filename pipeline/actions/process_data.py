"""Fetch, read, validate, filter and store the published files."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from pipeline.core.columns import columns_of
from pipeline.core.errors import DataError, MissingInputError, TooManyRejectsError
from pipeline.core.params import DATASETS, ProcessDataParams
from pipeline.core.results import FileRecord, StepResult
from pipeline.core.sample import is_sample_number
from pipeline.core.validate import REASONS, Validator
from pipeline.core.wording import readable_bytes, readable_count
from pipeline.models import Station
from pipeline.runs import RunContext
from pipeline.storage import hashing, manifests, readers, sources, tables
from pipeline.storage.outputs import OutputSet

logger = logging.getLogger(__name__)

SHOWN_STATIONS = 10


@dataclass
class _Processed:
    """What one kind of file came to."""

    dataset: str
    validator: Validator
    fetched: list[sources.FetchedFile]
    inputs: list[FileRecord] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    is_sample: bool = False
    filter_seconds: float = 0.0
    notes: list[str] = field(default_factory=list)


def processed_paths(dataset: str) -> tuple[Path, Path]:
    """Where the processed CSV and Parquet of "incident" or "mobilisation" lie."""
    folder = Path(settings.LFB_DATA_DIR)
    return folder / f"{dataset}_data.csv", folder / f"{dataset}_data.parquet"


def process_data(params: ProcessDataParams, context: RunContext) -> StepResult:
    """All files asked for, put in place together; the last good ones stay where anything fails."""
    with OutputSet(Path(settings.LFB_DATA_DIR), context.owner) as out:
        done = [_process(dataset, params, context, out) for dataset in params.datasets]
        pickled = _stage_pickles(params, done, out) if params.convert_to_pickle else []
        out.commit()
    names = [name for result in done for name in result.outputs] + pickled
    return StepResult(
        rows_in=sum(result.validator.rows_read for result in done),
        rows_out=sum(result.validator.rows_kept for result in done),
        rejects=dict(sum((result.validator.rejects for result in done), Counter())),
        metrics=_metrics(done),
        inputs=tuple(record for result in done for record in result.inputs),
        outputs=tuple(hashing.file_record(name, Path(settings.LFB_DATA_DIR) / name) for name in names),
        notes=tuple(note for result in done for note in result.notes),
        details={"unmatched_stations": {result.dataset: dict(result.validator.unmatched_stations) for result in done}},
        is_sample=any(result.is_sample for result in done),
    )


def _process(dataset: str, params: ProcessDataParams, context: RunContext, out: OutputSet) -> _Processed:
    fetched, origin = _find_files(dataset, params, context)
    stations = list(Station.objects.values_list("name", flat=True))
    result = _Processed(dataset, Validator(dataset, stations, frozenset(params.years)), fetched, notes=[origin])
    csv, parquet, rejects = f"{dataset}_data.csv", f"{dataset}_data.parquet", f"rejects/{dataset}_rejects.csv"
    started = time.monotonic()
    with (
        tables.RejectsWriter(out.path(rejects), dataset) as rejected,
        tables.TableWriter(out.path(csv), out.path(parquet), columns_of(dataset)) as writer,
    ):
        for file in fetched:
            _read_file(file, result, writer, rejected, context)
    result.filter_seconds = time.monotonic() - started
    _require_usable(result, params)
    manifest = f"{dataset}_data.manifest.json"
    manifests.write_manifest(
        out.path(manifest), run_id=context.run_id, is_sample=result.is_sample, inputs=result.inputs,
        facts={"rows": result.validator.rows_kept, "years": list(params.years)},
    )  # fmt: skip
    result.outputs = [csv, parquet, rejects, manifest]
    result.notes += _notes(result)
    return result


def _find_files(dataset: str, params: ProcessDataParams, context: RunContext) -> tuple[list[sources.FetchedFile], str]:
    """Files dropped into the incoming folder take the place of the configured sources of their kind."""
    folder = Path(settings.LFB_DATA_DIR)
    dropped = [
        path for path in sources.dropped_files(folder / "incoming") if readers.header_of(path).dataset == dataset
    ]
    if dropped:
        found = sources.gather([str(path) for path in dropped], folder / "raw", progress=context.progress)
        return found, f"{dataset}: took the files dropped into incoming: {', '.join(path.name for path in dropped)}"
    found = sources.gather(params.sources_of(dataset), folder / "raw", progress=context.progress)
    for file in found:
        logger.info("%s: %s is %s, %s", dataset, file.source, file.status, readable_bytes(file.bytes))
    return found, f"{dataset}: " + "; ".join(f"{file.path.name} {file.status}" for file in found)


def _read_file(
    file: sources.FetchedFile,
    result: _Processed,
    writer: tables.TableWriter,
    rejected: tables.RejectsWriter,
    context: RunContext,
) -> None:
    for chunk in readers.read_table(file.path, progress=context.progress):
        if chunk.dataset != result.dataset:
            raise DataError(
                f"{file.path.name} is a file of {chunk.dataset}s, and one of {result.dataset}s was wanted.",
                code="wrong_kind_of_file",
                hint=f"Check LFB_{result.dataset.upper()}_SOURCES.",
            )
        checked = result.validator.check(chunk)
        result.is_sample = result.is_sample or bool(is_sample_number(checked.frame["incident_number"]).any())
        writer.write(checked.frame)
        rejected.write(checked.rejects)
    result.inputs.append(hashing.file_record(result.dataset, file.path, source=file.source, is_sample=result.is_sample))


def _require_usable(result: _Processed, params: ProcessDataParams) -> None:
    """Too many rejects, or nothing left, fail the run before anything is replaced.

    Repeated rows do not count: files whose periods overlap repeat many, and nothing is lost with them.
    """
    validator = result.validator
    faults = Counter({reason: rows for reason, rows in validator.rejects.items() if reason != "duplicate_key"})
    share = faults.total() / validator.rows_read if validator.rows_read else 0.0
    if share > params.max_reject_share:
        reason, rows = faults.most_common(1)[0]
        raise TooManyRejectsError(
            f"{readable_count(faults.total())} of {readable_count(validator.rows_read)} {result.dataset} rows "
            f"({share:.1%}) were rejected, more than the {params.max_reject_share:.1%} allowed. "
            f"Most of all: {REASONS[reason]} ({readable_count(rows)} rows).",
            hint="Check the file; if it is right, raise LFB_MAX_REJECT_SHARE.",
            fields=dict(faults),
        )
    if validator.rows_kept == 0:
        years = ", ".join(map(str, params.years))
        raise DataError(
            f"No {result.dataset} row is left" + (f" for {years}." if years else "."),
            code="no_rows",
            hint="Check LFB_YEARS and the files." if years else "Check the files.",
        )


def _notes(result: _Processed) -> list[str]:
    validator = result.validator
    notes = [f"{result.dataset}: {note}" for note in validator.notes]
    if validator.rows_of_other_years:
        notes.append(f"{result.dataset}: {readable_count(validator.rows_of_other_years)} rows of other years left out")
    notes += [f"{result.dataset}: {kind}: {readable_count(rows)}" for kind, rows in sorted(validator.repairs.items())]
    if validator.unmatched_stations:
        shown = validator.unmatched_stations.most_common(SHOWN_STATIONS)
        names = ", ".join(f"{name} ({rows})" for name, rows in shown)
        notes.append(f"{result.dataset}: {len(validator.unmatched_stations)} station names match none: {names}")
    return notes


def _metrics(done: list[_Processed]) -> dict[str, float]:
    """The figures of the contract, by file."""
    metrics: dict[str, float] = {}
    for result in done:
        kind, validator = result.dataset, result.validator
        metrics |= {
            f"success_{kind}": 1,
            f"download_size_in_bytes_{kind}": sum(file.bytes for file in result.fetched),
            f"downloaded_bytes_{kind}": sum(file.downloaded_bytes for file in result.fetched),
            f"expected_bytes_{kind}": sum(file.expected_bytes for file in result.fetched),
            f"download_duration_seconds_{kind}": sum(file.duration_seconds for file in result.fetched),
            f"initial_count_{kind}": validator.rows_read,
            f"filtered_count_{kind}": validator.rows_read - validator.rows_of_other_years,
            f"record_saved_{kind}": validator.rows_kept,
            f"filter_duration_seconds_{kind}": result.filter_seconds,
        }
    return metrics


def _stage_pickles(params: ProcessDataParams, done: list[_Processed], out: OutputSet) -> list[str]:
    """Pickles of what was just processed; with no kind named, of every processed table there is."""
    fresh = {result.dataset for result in done}
    names = []
    for dataset in params.datasets or DATASETS:
        csv, parquet = processed_paths(dataset)
        if dataset in fresh:
            parquet = out.path(parquet.name)
        elif not parquet.exists():
            continue
        names.append(f"{dataset}_data.pkl")
        tables.write_pickle(csv, parquet, out.path(names[-1]))
    if not names:
        raise MissingInputError(
            "There is no processed CSV to convert.", hint="Run manage.py process_data first, or name a --type."
        )
    return names

"""Join incidents, mobilisations and stations, and store the features."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from django.conf import settings

from pipeline.actions.count_response_times import ResponseTimes, count_response_times, stage_response_times
from pipeline.actions.process_data import processed_paths
from pipeline.core import features as core_features
from pipeline.core import named_places
from pipeline.core import response_times as core_times
from pipeline.core.errors import DataError, MissingInputError
from pipeline.core.params import BuildFeaturesParams
from pipeline.core.results import FileRecord, StepResult
from pipeline.core.wording import readable_count
from pipeline.models import Station
from pipeline.runs import RunContext
from pipeline.storage import hashing, manifests, tables
from pipeline.storage.outputs import OutputSet

STAGES = 5


def station_frame() -> pd.DataFrame:
    """The stations as the core wants them: station_name, code, kind, borough_name, places, opened, closed."""
    rows = Station.objects.order_by("name").values_list(
        "code", "name", "kind", "borough_name", "address", "latitude", "longitude", "easting_m", "northing_m", "opened", "closed"
    )  # fmt: skip
    names = [
        "station_code", "station_name", "kind", "borough_name", "address", "latitude", "longitude", "easting_m", "northing_m",
        "opened", "closed",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names).astype({"station_name": "str", "station_code": "str"})


def build_features(params: BuildFeaturesParams, context: RunContext) -> StepResult:
    """One row for each engine sent, the stations used and the figures of the response times, put in place together."""
    stations = station_frame()
    context.progress("build features", 0, STAGES)
    inputs = _find_inputs(params)
    names = sorted({*core_features.INCIDENT_NAMES, *named_places.INCIDENT_NAMES})
    incidents = tables.read_processed(processed_paths("incident")[1], "incident", names)
    mobilisations = _read_mobilisations(inputs)
    pumps = _make_rows(incidents, mobilisations, stations, context)
    _require_rows(pumps)
    is_sample = any(record.is_sample for record in inputs)
    context.progress("build features", 3, STAGES)
    times = count_response_times(incidents, mobilisations, list(stations["station_name"]))
    places = named_places.named_places(incidents)
    context.progress("build features", 4, STAGES)
    outputs = _write(pumps, times, places, stations, inputs, is_sample, context)
    return StepResult(
        rows_in=len(incidents if mobilisations is None else mobilisations),
        rows_out=len(pumps.frame),
        rejects=_by_reason(pumps.rejects),
        metrics={
            "incident_rows": len(incidents),
            "mobilisation_rows": 0 if mobilisations is None else len(mobilisations),
            "station_rows": len(stations),
            "incident_cleaned_rows": int(pumps.frame["incident_number"].nunique()),
            "mobilisation_cleaned_rows": 0 if mobilisations is None else len(pumps.frame),
            "saved_file_size": next(record.bytes for record in outputs if record.name == "global_data.csv"),
            "success": 1,
        },
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        notes=tuple(_notes(pumps, has_mobilisations=mobilisations is not None)),
        details={"unmatched_stations": pumps.unmatched_stations},
        is_sample=is_sample,
    )


def _require_rows(pumps: core_features.PumpRows) -> None:
    if pumps.frame.empty:
        raise DataError(
            "Not one row is left after the join.",
            code="no_rows",
            hint="Check that the incident and mobilisation files cover the same years.",
            fields=_by_reason(pumps.rejects),
        )


def _by_reason(rejects: pd.DataFrame) -> dict[str, int]:
    return {str(reason): int(rows) for reason, rows in rejects["reason"].value_counts().items()}


def _find_inputs(params: BuildFeaturesParams) -> list[FileRecord]:
    """The incident table, and the mobilisation table where it is there and wanted."""
    wanted = ["incident"]
    has_mobilisations = processed_paths("mobilisation")[1].exists()
    if params.rows_from == "mobilisation" and not has_mobilisations:
        raise MissingInputError(
            "There is no processed mobilisation data.", hint="Run manage.py process_data --type mobilisation first."
        )
    if params.rows_from == "mobilisation" or (params.rows_from == "auto" and has_mobilisations):
        wanted.append("mobilisation")
    records = []
    for dataset in wanted:
        csv, parquet = processed_paths(dataset)
        if not parquet.exists():
            raise MissingInputError(
                f"There is no processed {dataset} data.", hint=f"Run manage.py process_data --type {dataset} first."
            )
        is_sample = bool(manifests.read_manifest(csv).get("is_sample"))
        records.append(hashing.file_record(dataset, parquet, is_sample=is_sample))
    _refuse_mixture(records)
    return records


def _refuse_mixture(records: list[FileRecord]) -> None:
    if len({record.is_sample for record in records}) > 1:
        sample = next(record.name for record in records if record.is_sample)
        raise DataError(
            f"The {sample} table holds sample data and the other one does not: they cannot be joined.",
            code="mixed_sample_and_real",
            hint="Process both files from the same source, or build with --rows-from incident.",
        )


def _read_mobilisations(inputs: list[FileRecord]) -> pd.DataFrame | None:
    if len(inputs) == 1:
        return None
    names = {*core_features.MOBILISATION_NAMES, *core_times.MOBILISATION_NAMES}
    return tables.read_processed(processed_paths("mobilisation")[1], "mobilisation", sorted(names))


def _make_rows(
    incidents: pd.DataFrame, mobilisations: pd.DataFrame | None, stations: pd.DataFrame, context: RunContext
) -> core_features.PumpRows:
    context.progress("build features", 1, STAGES)
    if mobilisations is None:
        return core_features.incident_pump_rows(incidents, stations)
    context.progress("build features", 2, STAGES)
    return core_features.mobilisation_rows(incidents, mobilisations, stations)


def _write(
    pumps: core_features.PumpRows,
    times: ResponseTimes,
    places: list[named_places.NamedPlace],
    stations: pd.DataFrame,
    inputs: list[FileRecord],
    is_sample: bool,
    context: RunContext,
) -> list[FileRecord]:
    data, reference = Path(settings.LFB_DATA_DIR), Path(settings.LFB_REFERENCE_DIR)
    names = ["global_data.csv", "global_data.parquet", "rejects/global_rejects.csv", "global_data.manifest.json"]
    with OutputSet(reference, context.owner) as ref_out, OutputSet(data, context.owner) as out:
        csv, parquet, rejects, manifest = (out.path(name) for name in names)
        tables.write_features(pumps.frame, csv, parquet)
        tables.write_plain_csv(pumps.rejects, rejects)
        tables.write_plain_csv(stations, ref_out.path("stations.csv"))
        facts = {"rows": len(pumps.frame), "csv_sha256": hashing.sha256_of(csv), "rows_from": inputs[-1].name}
        manifests.write_manifest(manifest, run_id=context.run_id, is_sample=is_sample, inputs=inputs, facts=facts)
        names += stage_response_times(out, times, places, inputs, is_sample=is_sample, run_id=context.run_id)
        ref_out.commit()
        out.commit()
    context.progress("build features", STAGES, STAGES)
    records = [hashing.file_record(name, data / name, is_sample=is_sample) for name in names]
    return [*records, hashing.file_record("stations.csv", reference / "stations.csv")]


def _notes(pumps: core_features.PumpRows, *, has_mobilisations: bool) -> list[str]:
    notes = []
    if not has_mobilisations:
        notes.append(
            "Built from the incident file alone: first and second pump of each incident; turnout, travel, "
            "home station and engines already out are not known."
        )
    for name, rows in sorted(pumps.unmatched_stations.items(), key=lambda item: (-item[1], item[0])):
        notes.append(f"station not in the list: {name}, {readable_count(rows)} rows")
    return notes

"""Count the response times of the processed files, as a part of building the features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from django.conf import settings

from pipeline.core import response_times as core
from pipeline.core.named_places import NamedPlace
from pipeline.core.results import FileRecord
from pipeline.storage import manifests
from pipeline.storage.outputs import OutputSet
from pipeline.storage.response_times import write_figures


def figures_path() -> Path:
    """Where the figures lie."""
    return Path(settings.LFB_DATA_DIR) / "response_times.parquet"


@dataclass(frozen=True)
class ResponseTimes:
    """The figures, and what is to be known of them: period, incidents, what was left out, standards."""

    figures: pd.DataFrame
    facts: dict[str, Any]


def count_response_times(
    incidents: pd.DataFrame, mobilisations: pd.DataFrame | None, station_names: Sequence[str]
) -> ResponseTimes:
    """Every valid attendance counts: an engine that a model cannot learn from, for want of a station, arrived as well."""
    arrived = core.attendances(incidents, station_names)
    figures = [core.figures(arrived, settings.LFB_STANDARDS)]
    facts = {"incidents": len(incidents), "left_out": arrived.left_out, "standards": settings.LFB_STANDARDS}
    called_at = incidents["called_at"].dropna()
    facts["from"], facts["to"] = (day.date().isoformat() for day in (called_at.min(), called_at.max()))
    if mobilisations is not None:
        delayed = core.delays(incidents, mobilisations)
        figures.append(core.figures(delayed, settings.LFB_STANDARDS))
        facts["delays_left_out"] = delayed.left_out
    return ResponseTimes(pd.concat(figures, ignore_index=True), facts)


def stage_response_times(
    out: OutputSet,
    times: ResponseTimes,
    places: Sequence[NamedPlace],
    inputs: Sequence[FileRecord],
    *,
    is_sample: bool,
    run_id: int,
) -> list[str]:
    """Write the figures, with the `places` of their wards, and their manifest where `out` stages them; the names of both."""
    path = figures_path()
    manifest = manifests.manifest_of(path)
    sources = {record.name: record.sha256 for record in inputs}
    # The run stays out of the figures' own file: the same input gives the same bytes.
    facts = times.facts | {"is_sample": is_sample, "sources_sha256": sources, "places": list(places)}
    write_figures(times.figures, facts, out.path(path.name))
    manifests.write_manifest(
        out.path(manifest.name), run_id=run_id, is_sample=is_sample, inputs=inputs, facts=times.facts
    )
    return [path.name, manifest.name]

"""What the site shows of public sources: the licence of the records, and the outlines of the boroughs."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from pipeline.core import charts

LICENCE = (
    "Contains public sector information licensed under the Open Government Licence. "
    "Data published by London Fire Brigade via the London Datastore."
)
OUTLINES_LICENCE = "Contains National Statistics and Ordnance Survey data © Crown copyright and database right."


@cache
def borough_outlines() -> dict[str, Any]:
    """The GeoJSON of the 33 boroughs that the site ships."""
    path = Path(settings.BASE_DIR) / "lfb_site" / "static" / "lfb_site" / "london_boroughs.geojson"
    outlines: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return outlines


@cache
def drawn_boroughs() -> charts.Outlines:
    """The boroughs as shapes for the maps of pages."""
    return charts.draw_outlines(borough_outlines())

"""Stations in the admin: on a map, and in and out as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV, JSON, XLSX
from import_export.forms import ExportForm, ImportForm
from import_export.resources import ModelResource

from pipeline.admin.display import NamedListAdmin
from pipeline.core.wording import readable_bytes
from pipeline.models import Station
from pipeline.public_sources import drawn_boroughs

MAX_IMPORT_BYTES = 2_000_000  # a hundred times what the list of all stations takes
COLUMNS = (
    "code", "name", "kind", "borough_name", "address", "latitude", "longitude", "easting_m", "northing_m", "opened", "closed",
)  # fmt: skip


class StationResource(ModelResource):
    """A row of a file for each station, known by its name. All rows are taken or none."""

    class Meta:
        model = Station
        fields = COLUMNS
        export_order = COLUMNS
        import_id_fields = ("name",)
        clean_model_instances = True
        use_transactions = True
        skip_unchanged = True
        # Numbers as files want them, without thousands set apart.
        widgets = {
            name: {"coerce_to_string": False} for name in ("latitude", "longitude", "easting_m", "northing_m", "opened")
        }

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Refuse a file without the columns that a station needs, or with some that it has not."""
        given = set(dataset.headers or ())
        missing = [name for name in ("name", "latitude", "longitude", "easting_m", "northing_m") if name not in given]
        if missing:
            raise ValidationError(
                f"The column {', '.join(missing)} is missing: wanted {', '.join(COLUMNS)}, came {', '.join(map(str, given))}."
            )

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """A workbook knows only moments where a day is meant."""
        if isinstance(row.get("closed"), dt.datetime):
            row["closed"] = row["closed"].date()


class StationImportForm(ImportForm):
    def clean_import_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["import_file"]
        if (file.size or 0) > MAX_IMPORT_BYTES:
            raise ValidationError(
                f"The file is {readable_bytes(file.size or 0)} long: a list of stations is shorter than "
                f"{readable_bytes(MAX_IMPORT_BYTES)}."
            )
        return file


@dataclass(frozen=True)
class Dot:
    """A station on the map."""

    x: float
    y: float
    name: str
    is_closed: bool
    is_chosen: bool = False


def _dots(stations: Iterable[Station], chosen: Station | None = None) -> list[Dot]:
    """The chosen station comes last, above the others."""
    outlines = drawn_boroughs()
    dots = []
    for station in stations:
        x, y = outlines.place(station.longitude, station.latitude)
        is_chosen = chosen is not None and station.pk == chosen.pk
        dots.append(Dot(round(x, 1), round(y, 1), station.name, station.closed is not None, is_chosen))
    return sorted(dots, key=lambda dot: dot.is_chosen)


@admin.register(Station)
class StationAdmin(ImportExportMixin, NamedListAdmin):
    resource_classes = (StationResource,)
    formats = (CSV, XLSX, JSON)
    import_form_class = StationImportForm
    export_form_class = ExportForm
    import_template_name = "admin/pipeline/station/import.html"
    import_export_change_list_template = "admin/pipeline/station/change_list.html"
    change_form_template = "admin/pipeline/station/change_form.html"
    list_display = ("name", "code", "kind", "borough_name", "opened_in", "closed")
    list_filter = ("kind", ("closed", admin.EmptyFieldListFilter), "borough_name")
    search_fields = ("name", "code", "borough_name", "address")
    fieldsets = (
        (None, {"fields": ("name", "code", "kind", "borough_name", "address")}),
        ("Place", {"fields": (("latitude", "longitude"), ("easting_m", "northing_m"))}),
        ("In use", {"fields": (("opened", "closed"),)}),
    )

    @admin.display(description="opened", ordering="opened")
    def opened_in(self, station: Station) -> str:
        return str(station.opened or "–")  # a year, not a number with its thousands set apart

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, and all that the filters leave on a map."""
        answer = super().changelist_view(request, extra_context)
        listed = getattr(answer, "context_data", {}).get("cl")
        if listed is not None:
            answer.context_data |= {"outlines": drawn_boroughs(), "dots": _dots(listed.queryset)}
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        station = self.get_object(request, unquote(object_id))
        dots = _dots(Station.objects.all(), station) if station else []
        context = {"outlines": drawn_boroughs(), "dots": dots, "chosen": station}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

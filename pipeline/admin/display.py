"""How records are laid out for reading in the admin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from pipeline.core.wording import readable_bytes, readable_count, readable_duration


class NamedListAdmin(admin.ModelAdmin):
    """A list under the name of what it holds, not “Select … to change”."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})


class HistoryAdmin(NamedListAdmin):
    """Records: to be read, never to be added, changed or removed by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TellsWhatData:
    """A column that says in words whether real or sample data stand behind a record: a cross would look like a fault."""

    @admin.display(description="data", ordering="is_sample")
    def data(self, record: Any) -> str:
        return "sample" if record.is_sample else "real"


def parameters_table(parameters: Mapping[str, Any]) -> SafeString | str:
    """Each parameter with its value, in the names of the API; what is set to nothing comes last and says so."""
    given = sorted(parameters.items(), key=lambda item: item[1] is None)
    return table(("parameter", "value"), ((name, _value(value)) for name, value in given))


def _value(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "not set"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str = "") -> SafeString | str:
    """A small table; a dash where there is nothing to show. `kind` is one more class for the stylesheet."""
    body = format_html_join(
        "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    )
    head = format_html_join("", '<th scope="col">{}</th>', ((heading,) for heading in headings))
    whole = '<table class="figures {}"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>'
    return format_html(whole, kind, head, body) if body else "–"


def figures_table(figures: Mapping[str, float]) -> SafeString | str:
    """The figures of a run under their published names, as people write their values."""
    return table(("figure", "value"), ((name, readable_figure(name, value)) for name, value in figures.items()))


def readable_figure(name: str, value: float) -> str:
    """
    >>> readable_figure("saved_file_size", 7117163), readable_figure("filter_duration_seconds_incident", 0.42)
    ('7.1 MB', '0.4 s')
    >>> readable_figure("mae", 73.21), readable_figure("r2_score", 0.5422), readable_figure("incident_rows", 20000)
    ('73.2', '0.5422', '20,000')
    """
    if "bytes" in name or name.endswith("_size"):
        return readable_bytes(value)
    if "duration_seconds" in name:
        return readable_duration(value)
    if value == int(value):
        return readable_count(int(value))
    return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.1f}"


def files_table(records: Iterable[Mapping[str, Any]]) -> SafeString | str:
    """Role, place, size and SHA-256; sample files say so."""
    return table(
        ("file", "path", "size", "SHA-256"),
        (
            (
                entry["name"] + (" (sample)" if entry["is_sample"] else ""),
                entry["path"],
                readable_bytes(entry["bytes"]),
                entry["sha256"],
            )
            for entry in records
        ),
        kind="files",
    )

"""How records are laid out for reading in the admin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from pipeline.core.wording import readable_bytes, readable_count


class HistoryAdmin(admin.ModelAdmin):
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


def readable_json(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=1, ensure_ascii=False) if value else "–")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> SafeString | str:
    """A small table, right-aligned but for its first column; a dash where there is nothing to show."""
    body = format_html_join(
        "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    )
    head = format_html_join("", '<th scope="col">{}</th>', ((heading,) for heading in headings))
    return (
        format_html('<table class="figures"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', head, body)
        if body
        else "–"
    )


def figures_table(figures: Mapping[str, float]) -> SafeString | str:
    return table(("figure", "value"), ((name, readable_figure(value)) for name, value in figures.items()))


def readable_figure(value: float) -> str:
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
    )

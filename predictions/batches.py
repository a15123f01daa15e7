"""Batches of questions as text, JSON or CSV, and their answers in the same form."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from pipeline.core.errors import ParameterError
from predictions.actions.predict_batch import COLUMNS, BatchAnswer, predict_batch

FORMATS = ("json", "csv")


def answer_json(body: Any) -> tuple[BatchAnswer, dict[str, Any]]:
    """The answer to `{"rows": [...]}`, as a body of its own. Raises ParameterError, NoModelError or ArtifactError."""
    rows = body.get("rows") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ParameterError(
            'The body holds no rows: wanted {"rows": [{"station": "Acton", "distance": 5.2}, …]}.',
            fields={"rows": "missing"},
        )
    unknown = [*(body.keys() - {"rows"}), *({name for row in rows for name in row} - {*COLUMNS, "incident_number"})]
    if unknown:
        raise ParameterError(
            f"Unknown name {', '.join(sorted(unknown)[:5])}: a body holds rows, and a row {', '.join(COLUMNS)}, incident_number.",
            fields=dict.fromkeys(sorted(unknown)[:5], "unknown"),
        )
    found = predict_batch({name: [row.get(name) for row in rows] for name in COLUMNS})
    answers = []
    for row, seconds, error in zip(
        rows, found.rows["predicted_attendance_time"].tolist(), found.rows["error"].tolist(), strict=True
    ):
        answered: dict[str, Any] = {"predicted_attendance_time": None if error else seconds, "error": error}
        if "incident_number" in row:
            answered["incident_number"] = str(row["incident_number"])[:40]
        answers.append(answered)
    head = {"version": found.version, "is_sample": found.is_sample, "answered": found.answered}
    return found, {**head, "rows": answers}


def answer_csv(text: str) -> tuple[BatchAnswer, str]:
    """The same CSV with two columns more: the time and what is wrong. Raises as `answer_json` does."""
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError):
        raise ParameterError("The CSV cannot be read.", hint="Wanted a header and quoted text.") from None
    names = [name.strip().lower() for name in header]
    places = {name: place for place, name in enumerate(names)}
    if "station" not in places:
        raise ParameterError(
            "The CSV has no column station.",
            code="missing_column",
            hint=f"The first line names the columns, of {', '.join(COLUMNS)}: station,distance",
            fields={"station": "missing"},
        )
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise ParameterError(f"The CSV has two columns {twice[0]}: leave one of them out.", fields={twice[0]: "twice"})
    longer = next((number for number, row in enumerate(rows, start=1) if any(row[len(header) :])), None)
    if longer:
        raise ParameterError(
            f"Row {longer} of the CSV has more cells than the header names columns.",
            hint="Quote text that holds a comma.",
        )
    rows = [[*row, *[""] * (len(header) - len(row))][: len(header)] for row in rows if row]
    found = predict_batch({name: [row[places[name]] for row in rows] for name in COLUMNS if name in places})
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([*header, "predicted_attendance_time", "error"])
    answers = zip(rows, found.rows["predicted_attendance_time"].tolist(), found.rows["error"].tolist(), strict=True)
    writer.writerows([*row, "" if error else f"{seconds:.3f}", error] for row, seconds, error in answers)
    return found, written.getvalue()


def answer_text(text: str, form: str) -> tuple[BatchAnswer, str]:
    """As the two above, from text to text."""
    if form == "csv":
        return answer_csv(text)
    found, body = answer_json(json.loads(text))
    return found, json.dumps(body)

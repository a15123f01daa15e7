"""The model card: what a version is, learnt from, can and cannot do, in plain words and made from its record alone."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from pipeline import model_figures
from pipeline.core.columns import FEATURE_COLUMNS
from pipeline.models import ModelVersion
from pipeline.public_sources import LICENCE

WHEN_KNOWN = {
    "key": "at the call",
    "call": "at the call",
    "sent": "when the engine is sent",
    "partly": "at the call, though the final record may differ",
}
LIMITS = (
    "For planning, not for dispatch: nothing is known here of which engines are available right now.",
    "Attendance time runs from mobilised to arrived; handling of the 999 call comes before it.",
    "Times over 1,200 s are not published, so none were learnt from.",
    "Dwellings are published to 100 m only. Two calls alike in place, hour and kind still differ by more than a minute.",
    "It has learnt one period: closed or new stations, changed rules of attendance and road works after it are unknown to it.",
    "Boroughs with few engines in the test say little: look at the number beside each figure.",
)


def model_card(version: ModelVersion) -> str:
    """The card as Markdown."""
    text = render_to_string("pipeline/model_card.md", card_facts(version))
    return text.replace("\N{NO-BREAK SPACE}", " ")  # of use on pages alone


def card_facts(version: ModelVersion) -> dict[str, Any]:
    """What the card is filled with."""
    evaluation = version.evaluation
    models = evaluation.get("models", [])
    groups = models[0].get("groups", {}) if models else {}
    return {
        "version": version,
        "judged": models[0] if models else None,
        "others": models[1:],
        "tested_incidents": evaluation.get("tested_incidents"),
        "chances": _chances(models[0]["overall"]) if models else [],
        "boroughs": model_figures.by_name(groups.get("borough", {})),
        "pumps": model_figures.by_name(groups.get("pump", {})),
        "inputs": inputs_of(version),
        "influence": model_figures.influence(evaluation.get("influence", {})),
        "limits": LIMITS,
        "licence": LICENCE,
    }


def _chances(overall: dict[str, Any]) -> list[dict[str, float]]:
    """Each limit with the share that the model said would keep it, and the share that did."""
    return [
        {"limit": float(limit), "said": overall["said"][limit], "seen": seen, "brier": overall["brier"][limit]}
        for limit, seen in overall["within"].items()
    ]


def inputs_of(version: ModelVersion) -> list[dict[str, str]]:
    """Name, meaning and when it is known, of each input."""
    catalogue = {column.name: column for column in FEATURE_COLUMNS}
    return [
        {"name": name, "meaning": catalogue[name].meaning, "known": WHEN_KNOWN.get(catalogue[name].when_known, "")}
        if name in catalogue
        else {"name": name, "meaning": "", "known": ""}
        for name in version.feature_names
    ]

"""Finishing touches to the OpenAPI description."""

from __future__ import annotations

from typing import Any

ERROR = {
    "type": "object",
    "description": "Any failure: a stable code, what happened, what to do, and the parameters at fault.",
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "hint": {"type": "string"},
        "fields": {"type": "object", "additionalProperties": True},
    },
    "required": ["code", "message", "hint", "fields"],
    "example": {
        "code": "unknown_station",
        "message": "There is no station 'Actn'.",
        "hint": "Did you mean Acton?",
        "fields": {"station": "unknown"},
    },
}
EVERYWHERE = {"400": "The request cannot be used.", "429": "Too many requests.", "default": "Any other failure."}
WITH_LOGIN = {"401": "Not logged in, or wrongly.", "403": "Not allowed."}
METHODS = ("get", "post", "put", "patch", "delete")


def add_error_answers(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Every operation may fail, always in the one shape."""
    result["components"].setdefault("schemas", {})["Error"] = ERROR
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for methods in result["paths"].values():
        for method in METHODS:
            if method not in methods:
                continue
            open_to_all = methods[method].get("security", [{}]) in ([], [{}])
            for status, words in (EVERYWHERE if open_to_all else {**WITH_LOGIN, **EVERYWHERE}).items():
                methods[method]["responses"].setdefault(status, {"description": words, "content": content})
    return result

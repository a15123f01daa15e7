"""Bodies of requests, read with limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from rest_framework import exceptions, status
from rest_framework.parsers import BaseParser

SMALL_BODY = 64 * 1024
BATCH_BODY = 24 * 1024 * 1024


LENGTH_REQUIRED = {
    "code": "length_required",
    "message": "The body came in chunks, without its length: it was not read, and nothing was done.",
    "hint": "Send the body in one piece, with a Content-Length.",
    "fields": {},
}


def refuse_unknown_length(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: Django takes a body without a length for an empty one, and so the call for one without parameters."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return JsonResponse(LENGTH_REQUIRED, status=status.HTTP_411_LENGTH_REQUIRED)
        return get_response(request)

    return middleware


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit // 1024} KiB.")


def read_text(stream: Any, context: dict[str, Any] | None, limit: int) -> str:
    """The whole body as text, never more than `limit` bytes of it."""
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge(limit)
    try:
        return str(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise exceptions.ParseError("The body is not UTF-8 text.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise exceptions.ParseError(f"The body names “{twice[:40]}” more than once in one object.")
    return found


class LimitedJSONParser(BaseParser):
    """Strict JSON up to a size; no NaN, no name twice, no bottomless nesting, no half characters."""

    media_type = "application/json"
    limit = SMALL_BODY

    def parse(self, stream: Any, media_type: str | None = None, parser_context: dict[str, Any] | None = None) -> Any:
        text = read_text(stream, parser_context, self.limit)
        try:
            parsed = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_each_name_once)
            if "\\u" in text:
                json.dumps(parsed, ensure_ascii=False).encode()  # half a surrogate pair cannot be stored or shown
        except (ValueError, RecursionError):
            raise exceptions.ParseError("The body is not JSON that can be read.") from None
        return parsed


class BatchJSONParser(LimitedJSONParser):
    limit = BATCH_BODY


class CSVParser(BaseParser):
    """CSV as text; the view makes a frame of it."""

    media_type = "text/csv"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: dict[str, Any] | None = None) -> str:
        return read_text(stream, parser_context, BATCH_BODY)

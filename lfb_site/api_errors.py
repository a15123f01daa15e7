"""Any error of the API in one JSON shape: code, message, hint, fields."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from pipeline.api.scrubbing import hide_folders
from pipeline.core.errors import PipelineError

logger = logging.getLogger("api")

HINTS = {
    status.HTTP_401_UNAUTHORIZED: "Send a user name and password (HTTP Basic) or a token (Authorization: Bearer …).",
    status.HTTP_403_FORBIDDEN: "Ask an administrator for the permission, or for the call to be made.",
    status.HTTP_404_NOT_FOUND: "The addresses are listed under /api/docs.",
    status.HTTP_405_METHOD_NOT_ALLOWED: "The methods of each address are listed under /api/docs.",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "Send the body as application/json.",
    status.HTTP_429_TOO_MANY_REQUESTS: "Wait as long as Retry-After says, then try again.",
}
APOLOGY = {
    "code": "unexpected_error",
    "message": "Something went wrong that should not have: sorry. The details are in the server's log.",
    "hint": "Try again; if it happens twice, tell the developers when it was.",
    "fields": {},
}


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Django REST framework's exception handler."""
    if isinstance(error, PipelineError):
        set_rollback()
        return Response(hide_folders(error.as_dict()), status=error.http_status)
    known = exception_handler(error, context)
    if known is None:
        set_rollback()
        logger.error("%s %s failed", context["request"].method, context["view"], exc_info=error)
        return Response(APOLOGY, status=status.HTTP_500_INTERNAL_SERVER_ERROR)
    known.data = _explained(error, known.status_code)
    return known


def _explained(error: Any, status_code: int) -> dict[str, Any]:
    hint = HINTS.get(status_code, "")
    if isinstance(error, exceptions.ValidationError):
        fields = _fields(error.detail)
        message = " ".join(f"{name}: {why}" for name, why in fields.items())
        return {"code": "invalid_parameter", "message": message, "hint": hint, "fields": fields}
    if isinstance(error, Http404):
        return {"code": "not_found", "message": "There is nothing at this address.", "hint": hint, "fields": {}}
    if isinstance(error, PermissionDenied):
        message = "You do not have permission to do this."
        return {"code": "permission_denied", "message": message, "hint": hint, "fields": {}}
    return {"code": error.get_codes(), "message": str(error.detail), "hint": hint, "fields": {}}


def _fields(detail: Any) -> dict[str, str]:
    if isinstance(detail, dict):
        return {str(name): _sentence(found) for name, found in detail.items()}
    return {"body": _sentence(detail)}


def _sentence(found: Any) -> str:
    if isinstance(found, dict):
        return " ".join(f"{name}: {_sentence(why)}" for name, why in found.items())
    return " ".join(_sentence(item) for item in found) if isinstance(found, list) else str(found)


@csrf_exempt  # it changes nothing, and a POST here should read "not found" too
def not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
    """For addresses under /api that lead nowhere."""
    body = _explained(Http404(), 404)
    without = request.path.rstrip("/")
    if without != request.path and resolve(without).func is not not_found:
        body["hint"] = f"Addresses here end without a slash: {without}"
    return JsonResponse(body, status=404)

"""Pages of the site as a whole."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lfb_site.health import missing


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Open to all: `status` is "ok", or "unavailable" with what is missing and HTTP 503."""
    lacking = missing()
    return JsonResponse(
        {"status": "unavailable" if lacking else "ok", "missing": lacking}, status=503 if lacking else 200
    )

"""GET /metrics, for Prometheus: open to scrapers on named networks and to administrators, to nobody else."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.request import split_domain_port
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from lfb_site.observability.scraping import counts
from lfb_site.observability.site_state import SiteState

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


def comes_from_scraper(request: Any) -> bool:
    """Whether the peer itself is on a network of LFB_METRICS_NETWORKS.

    What any proxy has forwarded has lost its address, whatever the headers say of it: it needs a login.
    """
    if any(name in request.META for name in FORWARDED):
        return False
    try:
        peer: Any = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer in network for network in settings.LFB_METRICS_NETWORKS)


class MayScrape(BasePermission):
    message = "Only administrators and the scrapers on LFB_METRICS_NETWORKS may read the metrics."

    def has_permission(self, request: Request, view: Any) -> bool:
        return comes_from_scraper(request) or bool(request.user and request.user.has_perm("pipeline.start_runs"))


@extend_schema(exclude=True)
class MetricsView(APIView):
    permission_classes = (MayScrape,)

    def get(self, request: Request) -> HttpResponse:
        return _exposition()


def _exposition() -> HttpResponse:
    text = b"".join(generate_latest(source) for source in (counts(), SiteState()))
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def answer_scrapers(get_response: Any) -> Any:
    """Middleware, the first of all: answers scrapers that ask for the host by its number.

    Prometheus finds each copy of the web service by the address it happens to have, and no list of allowed hosts can
    name that. A page that lured a browser here would come with a name, and that is refused as ever.
    """

    def middleware(request: Any) -> Any:
        is_scrape = request.path_info == "/metrics" and request.method == "GET"
        if is_scrape and _host_is_number(request) and comes_from_scraper(request):
            return _exposition()
        return get_response(request)

    return middleware


def _host_is_number(request: Any) -> bool:
    try:
        ipaddress.ip_address(split_domain_port(request.META.get("HTTP_HOST", ""))[0].strip("[]"))
    except ValueError:
        return False
    return True

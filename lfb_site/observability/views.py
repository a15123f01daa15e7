"""GET /metrics, for Prometheus: open to scrapers on named networks and to administrators, to nobody else."""

from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpResponse
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
        text = b"".join(generate_latest(source) for source in (counts(), SiteState()))
        return HttpResponse(text, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})

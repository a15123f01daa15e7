"""What a scrape finds: the counts of every process that counts together, whichever of them answers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from lfb_site.observability.metrics import AlsoAsPromised


def counts() -> Any:
    """A collector of all counts: from the shared files where PROMETHEUS_MULTIPROC_DIR is set, else of this process."""
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        return AlsoAsPromised(REGISTRY)
    return AlsoAsPromised(MultiProcessCollector(CollectorRegistry()))


def serve_worker() -> None:
    """Answer scrapers on LFB_WORKER_METRICS where it is set. Whoever reaches that address may read."""
    if settings.LFB_WORKER_METRICS is None:
        return
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        raise ImproperlyConfigured(
            "LFB_WORKER_METRICS is set and PROMETHEUS_MULTIPROC_DIR is not: runs have processes of their own, and "
            "without a folder to share, what they count would be lost. Set it to an empty folder."
        )
    host, port = settings.LFB_WORKER_METRICS
    start_http_server(port, addr=host, registry=counts())

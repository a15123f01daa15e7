"""Counts and times the web requests."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django_prometheus.middleware import PrometheusAfterMiddleware

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PATCH")


class CountRequests(PrometheusAfterMiddleware):
    """As it comes, each method that a client makes up becomes a series of its own: whoever likes could fill the memory."""

    def label_metric(self, metric: Any, request: HttpRequest, response: Any = None, **labels: str) -> Any:
        if labels.get("method", "GET") not in METHODS:
            labels["method"] = "<invalid method>"
        return super().label_metric(metric, request, response, **labels)

"""The job queue's own pages, with the rights of the runs that its jobs carry, and with words where no queue answers.

As they come, every member of staff may empty a queue or stop a job, and without the queue's server each page is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django_rq.urls import get_admin_urlpatterns, get_api_urlpatterns
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError

View = Callable[..., HttpResponse]
SAFE = ("GET", "HEAD", "OPTIONS")  # on these, the pages only show or ask


def guarded(view: View) -> View:
    """`view` for who may see runs; its changes for who may start and end them."""

    @wraps(view)
    def _guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = "view_datasetrun" if request.method in SAFE else "start_runs"
        if request.user.is_staff and not request.user.has_perm(f"pipeline.{wanted}"):
            raise PermissionDenied
        try:
            return view(request, *args, **kwargs)
        except NoSuchJobError as error:
            raise Http404("The job queue does not hold this job any more.") from error
        except RedisError:
            context = {"title": "The job queue does not answer", **admin.site.each_context(request)}
            return TemplateResponse(request, "admin/queue_away.html", context, status=503)

    return _guarded


def _urls() -> list[URLPattern]:
    patterns = [*get_api_urlpatterns(), *get_admin_urlpatterns()]
    for pattern in patterns:
        pattern.callback = guarded(pattern.callback)
    return patterns


urls = (_urls(), "django_rq")

"""The admin site, whose first page shows the state of the system."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

# The pages by what they are for, in the order in which they are wanted: object names of the models.
GROUPS = (
    ("Data and models", "pipeline", ("DatasetRun", "ModelVersion", "Promotion", "Schedule", "Station")),
    ("People and logins", "auth", ("User", "Group", "AccessToken", "AccessAttempt")),
)
NAMES = {"AccessAttempt": "Failed logins"}


class ControlRoom(AdminSite):
    site_header = "London fire engine attendance times"
    site_title = "Attendance times"
    index_title = "State of the system"
    index_template = "admin/home.html"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from lfb_site.forms import AdminLoginForm  # needs the table of users, which this module comes before

        self.login_form = AdminLoginForm
        return super().login(request, extra_context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from pipeline.overview import system_state

        return super().index(request, {"state": system_state(), **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """All pages in groups that people know, or those of one; what is in none of them comes after, by its app."""
        if app_label not in (None, *(label for _, label, _ in GROUPS)):
            return super().get_app_list(request, app_label)
        apps: list[dict[str, Any]] = super().get_app_list(request)
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        groups = []
        for title, label, names in GROUPS:
            found = [
                models.pop(name) | ({"name": NAMES[name]} if name in NAMES else {}) for name in names if name in models
            ]
            if label == "pipeline" and request.user.has_perm("pipeline.view_datasetrun"):
                found.append(_queues())
            if found:
                url = reverse("admin:app_list", args=[label], current_app=self.name)
                groups.append(
                    {"name": title, "app_label": label, "app_url": url, "has_module_perms": True, "models": found}
                )
        rest = [app | {"models": [model for model in app["models"] if model["object_name"] in models]} for app in apps]
        shown = groups + [app for app in rest if app["models"]]
        return [app for app in shown if app_label in (None, app["app_label"])]


def _queues() -> dict[str, Any]:
    """The job queue's own pages, among those of the models."""
    return {
        "model": None,
        "name": "Queues and workers",
        "object_name": "Queues",
        "perms": {"add": False, "change": False, "delete": False, "view": True},
        "admin_url": reverse("django_rq:home"),
        "add_url": None,
        "view_only": True,
    }


class ControlRoomConfig(AdminConfig):
    default_site = "lfb_site.admin_site.ControlRoom"

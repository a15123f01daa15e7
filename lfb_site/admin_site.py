"""The admin site, whose first page shows the state of the system."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse


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


class ControlRoomConfig(AdminConfig):
    default_site = "lfb_site.admin_site.ControlRoom"

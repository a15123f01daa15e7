"""Logins in the admin: tokens made and revoked, wrong passwords, and locks lifted."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.core.exceptions import ValidationError
from django.db.models import Case, F, IntegerField, Max, QuerySet, Sum, Value, When, Window
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html

from lfb_site.models import AccessToken


class NewTokenForm(forms.ModelForm):
    # One field with a label, where the admin's own two have none each.
    expires_at = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="In London time; none for a token that does not expire.",
    )

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise ValidationError("This time has passed: wanted one to come, or none for a token that does not expire.")
        return expires_at


@admin.register(AccessToken)
class AccessTokenAdmin(admin.ModelAdmin):
    """Everybody makes their own, here or through the API; who may change tokens revokes any of them."""

    form = NewTokenForm
    list_display = ("name", "user", "shown_state", "created_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "user")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, token: AccessToken | None = None) -> tuple[str, ...]:
        return ("user", "name", "created_at", "expires_at", "revoked_at") if token else ("name", "expires_at")

    def get_readonly_fields(self, request: HttpRequest, token: AccessToken | None = None) -> tuple[str, ...]:
        return self.get_fields(request, token) if token else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Access tokens", **(extra_context or {})})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        context = {
            "title": "Make a token of your own",
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        return super().add_view(request, form_url, context | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        nothing_to_save = {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, nothing_to_save | (extra_context or {}))

    def save_model(self, request: HttpRequest, token: AccessToken, form: Any, change: bool) -> None:
        if change:  # every field of a token that is made is to be read alone
            return
        token.user = request.user
        request.made_key = token.give_key()  # type: ignore[attr-defined]
        super().save_model(request, token, form, change)

    def response_add(
        self, request: HttpRequest, token: AccessToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The one page that shows the token itself; as with all of the admin's pages, no browser may keep it."""
        context = {
            "title": f"Token made: {token.name}",
            "opts": self.opts,
            "key": request.made_key,  # type: ignore[attr-defined]
            **self.admin_site.each_context(request),
        }
        return TemplateResponse(request, "admin/lfb_site/accesstoken/made.html", context)

    @admin.display(description="state")
    def shown_state(self, token: AccessToken) -> str:
        state, words = (
            ("succeeded", "valid") if token.is_valid else ("ended", "revoked" if token.revoked_at else "expired")
        )
        return format_html('<span class="run-status run-{}">{}</span>', state, words)

    @admin.action(description="Revoke the chosen tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[AccessToken]) -> HttpResponse | None:
        valid = list(chosen.filter(revoked_at__isnull=True).select_related("user"))
        if not valid:
            self.message_user(request, "All of these are revoked already: nothing was done.", messages.WARNING)
            return None
        if "confirmed" not in request.POST:
            context = {"title": "Revoke: are you sure?", "opts": self.opts, "tokens": valid}
            context |= self.admin_site.each_context(request)
            return TemplateResponse(request, "admin/lfb_site/accesstoken/revoke.html", context)
        for token in valid:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            self.log_change(request, token, "Revoked.")
        self.message_user(request, f"Revoked: {', '.join(map(str, valid))}.", messages.SUCCESS)
        return None


class LockFilter(admin.SimpleListFilter):
    title = "lock"
    parameter_name = "locked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Locked now")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> QuerySet[AccessAttempt]:
        return queryset.filter(recent__gte=settings.AXES_FAILURE_LIMIT) if self.value() == "yes" else queryset


@admin.register(AccessAttempt)
class FailedLoginAdmin(admin.ModelAdmin):
    """Wrong passwords of late, and the logins that are locked by them."""

    list_display = ("username", "ip_address", "shown_lock", "failures_since_start", "attempt_time", "user_agent")
    list_display_links = None
    list_filter = (LockFilter, "attempt_time")
    search_fields = ("username", "ip_address")
    ordering = ("-attempt_time",)
    actions = ("lift",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessAttempt]:
        """With the failures that count at present: those of a name at an address, whatever the browser."""
        counts = When(attempt_time__gt=timezone.now() - settings.AXES_COOLOFF_TIME, then=F("failures_since_start"))
        of_a_login = {"partition_by": [F("username"), F("ip_address")]}
        return (
            super()
            .get_queryset(request)
            .annotate(
                recent=Window(Sum(Case(counts, default=Value(0), output_field=IntegerField())), **of_a_login),
                latest=Window(Max("attempt_time"), **of_a_login),
            )
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)  # lifting is what deletes them
        return actions

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": "Failed logins",
            "failure_limit": settings.AXES_FAILURE_LIMIT,
            "lockout_minutes": settings.LFB_LOCKOUT_MINUTES,
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description="lock")
    def shown_lock(self, attempt: Any) -> str:
        if attempt.recent < settings.AXES_FAILURE_LIMIT:
            return "not locked"
        until = timezone.localtime(attempt.latest + settings.AXES_COOLOFF_TIME)
        return format_html('<span class="run-status run-failed">locked until {}</span>', f"{until:%H:%M}")

    @admin.action(description="Forget the chosen failures, and lift their locks", permissions=["delete"])
    def lift(self, request: HttpRequest, chosen: QuerySet[AccessAttempt]) -> None:
        logins = {(attempt.username, attempt.ip_address) for attempt in chosen}
        names = ", ".join(sorted(f"{username or 'no name'} at {address}" for username, address in logins))
        LogEntry.objects.log_actions(request.user.pk, chosen, DELETION, change_message=f"Lock lifted: {names}.")
        for username, address in logins:  # axes' own reset takes an empty name for every name
            AccessAttempt.objects.filter(username=username, ip_address=address).delete()
        self.message_user(request, f"The failures are forgotten; free to log in again: {names}.", messages.SUCCESS)

"""The site app: logins, groups, system checks and shared static files."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SiteConfig(AppConfig):
    name = "lfb_site"
    verbose_name = "Site"

    def ready(self) -> None:
        from lfb_site import authentication, checks  # noqa: F401  (both register themselves)
        from lfb_site.groups import make_missing_groups
        from lfb_site.observability import metrics, push
        from pipeline import signals

        post_migrate.connect(make_missing_groups, sender=self)
        signals.measured.connect(metrics.on_measured)
        signals.run_ended.connect(push.on_run_ended)

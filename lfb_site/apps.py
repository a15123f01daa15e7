"""The site app: system checks and shared static files."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "lfb_site"
    verbose_name = "Site"

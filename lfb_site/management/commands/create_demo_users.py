"""Makes the two demo users for a local try-out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError

from lfb_site.demo_users import DEMO_USERS
from lfb_site.groups import ADMINISTRATORS


class Command(BaseCommand):
    help = "Create the demo users admin and user with their published passwords. Refused unless DJANGO_DEBUG is on."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "The demo users have published passwords, so they are made only where DJANGO_DEBUG is on.\n"
                "For a local try-out: DJANGO_DEBUG=1 manage.py create_demo_users"
            )
        for name, (password, group) in DEMO_USERS.items():
            user, _ = get_user_model().objects.get_or_create(username=name)
            user.is_staff, user.is_active = group == ADMINISTRATORS, True
            user.set_password(password)
            user.save()
            user.groups.add(Group.objects.get(name=group))
            self.stdout.write(f"{name} is in the group {group}.")
        self.stdout.write("Their passwords are published: remove them before anyone else can reach this site.")

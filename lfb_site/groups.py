"""The two groups of users, made where they are missing; what an administrator changed is left alone."""

from __future__ import annotations

from typing import Any

ADMINISTRATORS = "administrators"
STANDARD_USERS = "standard users"

# App, model, codename, and the name that Django gives it.
ADMINISTRATOR_PERMISSIONS = (
    ("pipeline", "datasetrun", "start_runs", "Can start, cancel and retry pipeline steps"),
    ("pipeline", "datasetrun", "view_datasetrun", "Can view run"),
    ("pipeline", "modelversion", "promote_version", "Can promote and roll back model versions"),
    ("pipeline", "modelversion", "view_modelversion", "Can view model version"),
    ("pipeline", "promotion", "view_promotion", "Can view promotion"),
    *(
        ("pipeline", "schedule", f"{verb}_schedule", f"Can {verb} schedule")
        for verb in ("add", "change", "delete", "view")
    ),
    ("pipeline", "station", "add_station", "Can add station"),
    ("pipeline", "station", "change_station", "Can change station"),
    ("pipeline", "station", "view_station", "Can view station"),
    ("lfb_site", "accesstoken", "view_accesstoken", "Can view access token"),
    ("lfb_site", "accesstoken", "change_accesstoken", "Can change access token"),
    ("axes", "accessattempt", "view_accessattempt", "Can view access attempt"),
    ("axes", "accessattempt", "delete_accessattempt", "Can delete access attempt"),
)


def make_missing_groups(**kwargs: Any) -> None:
    """After migrate. Rights are created here where Django has not come to them yet: apps are set up one by one."""
    from django.contrib.auth.models import Group, Permission
    from django.contrib.contenttypes.models import ContentType

    using = kwargs.get("using", "default")
    Group.objects.using(using).get_or_create(name=STANDARD_USERS)
    group, made = Group.objects.using(using).get_or_create(name=ADMINISTRATORS)
    if not made:
        return
    for app, model, codename, name in ADMINISTRATOR_PERMISSIONS:
        kind, _ = ContentType.objects.using(using).get_or_create(app_label=app, model=model)
        permission, _ = Permission.objects.using(using).get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )
        group.permissions.add(permission)

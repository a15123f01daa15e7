"""The timetable that a new site begins with."""

from django.db import migrations

SCHEDULES = (
    # London Fire Brigade publishes each month's figures in the first half of the next.
    ("Monthly intake and retraining", "intake_and_retrain", "0 4 15 * *", "start_once"),
    ("Nightly housekeeping", "housekeeping", "30 3 * * *", "skip"),
)


def add_schedules(apps, schema_editor):
    schedules = apps.get_model("pipeline", "Schedule").objects.using(schema_editor.connection.alias)
    for name, chain, cron, if_missed in SCHEDULES:
        schedules.get_or_create(name=name, defaults={"chain": chain, "cron": cron, "if_missed": if_missed})


def remove_schedules(apps, schema_editor):
    schedules = apps.get_model("pipeline", "Schedule").objects.using(schema_editor.connection.alias)
    schedules.filter(name__in=[name for name, *_ in SCHEDULES]).delete()


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0002_jobs_and_schedules")]
    operations = [migrations.RunPython(add_schedules, remove_schedules)]

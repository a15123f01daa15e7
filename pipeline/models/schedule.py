"""When which chain of steps is started by itself."""

from __future__ import annotations

import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

LONDON = zoneinfo.ZoneInfo("Europe/London")


class Chain(models.TextChoices):
    """What a schedule starts. The steps of each stand in `pipeline.schedules`."""

    INTAKE_AND_RETRAIN = "intake_and_retrain", "Process data, build features, train and evaluate"
    INTAKE = "intake", "Process data and build features"
    RETRAIN = "retrain", "Train and evaluate"
    HOUSEKEEPING = "housekeeping", "Housekeeping"


class IfMissed(models.TextChoices):
    """What happens to a time that passed while no scheduler ran."""

    START_ONCE = "start_once", "Start once as soon as possible"
    SKIP = "skip", "Skip, wait for the next time"


def validate_cron(expression: str) -> None:
    """Refuse what is not five fields of cron that some moment fits."""
    from croniter import croniter

    if len(expression.split()) != 5 or not croniter.is_valid(expression):
        raise ValidationError(
            f"{expression!r} is no cron expression: wanted five fields — minute, hour, day of the month, month, day of the "
            "week — such as “0 4 15 * *” for the 15th of each month at 4:00."
        )
    try:
        croniter(expression, timezone.now()).get_next()
    except ValueError as error:
        raise ValidationError(f"No day fits {expression!r}.") from error


class Schedule(models.Model):
    name = models.CharField(max_length=80, unique=True)
    chain = models.CharField("starts", max_length=40, choices=Chain)
    cron = models.CharField(
        max_length=80,
        validators=[validate_cron],
        help_text="Minute, hour, day of the month, month, day of the week, in London time: “0 4 15 * *” is the 15th of each "
        "month at 4:00.",
    )
    enabled = models.BooleanField(default=True)
    if_missed = models.CharField("when missed", max_length=20, choices=IfMissed, default=IfMissed.START_ONCE)
    # Every time up to this moment has been started, skipped, or lies before the schedule was made or changed.
    handled_until = models.DateTimeField(default=timezone.now, editable=False)
    last_event = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(name="schedule_has_a_name", condition=~models.Q(name=""))]

    def __str__(self) -> str:
        return self.name

    def begin_anew(self) -> None:
        """Forget the times that have passed: called when somebody changed the timetable. Save afterwards."""
        self.handled_until = timezone.now()

"""A fire station: its place on the map, and when it was in use."""

from __future__ import annotations

import math

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

PLACES_AGREE_METRES = 300  # four decimals and rounded grid references differ by less


class StationKind(models.TextChoices):
    LAND = "land", "Land"
    RIVER = "river", "River"


class StationQuerySet(models.QuerySet["Station"]):
    def in_use(self) -> StationQuerySet:
        """Stations that have not closed."""
        return self.filter(closed__isnull=True)


class Station(models.Model):
    code = models.CharField(
        max_length=4,
        blank=True,
        help_text="LFB's call sign, such as G26; empty for stations closed before codes were published.",
    )
    name = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=5, choices=StationKind, default=StationKind.LAND)
    borough_name = models.CharField("borough", max_length=40)
    address = models.CharField(max_length=160, blank=True)
    latitude = models.FloatField(
        validators=[MinValueValidator(51.2), MaxValueValidator(51.8)], help_text="WGS84, degrees"
    )
    longitude = models.FloatField(
        validators=[MinValueValidator(-0.6), MaxValueValidator(0.4)], help_text="WGS84, degrees"
    )
    easting_m = models.FloatField(
        "easting",
        validators=[MinValueValidator(500_000), MaxValueValidator(565_000)],
        help_text="British National Grid, metres",
    )
    northing_m = models.FloatField(
        "northing",
        validators=[MinValueValidator(150_000), MaxValueValidator(205_000)],
        help_text="British National Grid, metres",
    )
    opened = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Year of the present building or site.")
    closed = models.DateField(null=True, blank=True)

    objects = StationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=~Q(code=""), name="station_code_unique_where_given"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})" if self.code else self.name

    def clean(self) -> None:
        """A code belongs to one station, and the two ways in which a place is told must tell the same place."""
        from pipeline.core.geo import to_grid

        twin = Station.objects.filter(code=self.code).exclude(pk=self.pk).first() if self.code else None
        if twin is not None:
            raise ValidationError({"code": f"{twin.name} has the code {self.code} already: wanted another one."})
        given = (self.latitude, self.longitude, self.easting_m, self.northing_m)
        if any(value is None for value in given):
            return  # said at the field
        easting, northing = (float(value) for value in to_grid(self.latitude, self.longitude))
        apart = math.hypot(easting - self.easting_m, northing - self.northing_m)
        if not apart <= PLACES_AGREE_METRES:
            raise ValidationError(
                f"Latitude and longitude lie {apart / 1000:.1f} km from easting and northing: wanted the same place. "
                f"They would be easting {easting:.0f}, northing {northing:.0f}."
            )

"""The admin pages: stations, runs, the timetable and model versions."""

from pipeline.admin import runs, schedules, stations, versions

__all__ = ["runs", "schedules", "stations", "versions"]

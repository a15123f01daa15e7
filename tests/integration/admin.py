"""The lists of the admin, and how many queries a page asks."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

RUNS, VERSIONS, STATIONS = (f"admin:pipeline_{name}_changelist" for name in ("datasetrun", "modelversion", "station"))
SCHEDULES = "admin:pipeline_schedule_changelist"
START = "admin:pipeline_datasetrun_start"


def queries_of(client, url):
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)

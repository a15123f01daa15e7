"""Tiny raw frames, every cell of which a test may replace."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.core.columns import published_names
from pipeline.core.validate import RawChunk

INCIDENT = {
    "IncidentNumber": "038967-19032023", "DateOfCall": "2023-03-19", "CalYear": "2023", "TimeOfCall": "14:11:51", "HourOfCall": "14",
    "IncidentGroup": "False Alarm", "PropertyCategory": "Outdoor", "PropertyType": "Woodland ", "UPRN": "200146677",
    "IncGeo_BoroughCode": "E09000009", "IncGeo_BoroughName": "EALING", "ProperCase": "Ealing", "IncGeo_WardCode": "E05013521",
    "IncGeo_WardName": "SOUTH ACTON", "IncGeo_WardNameNew": "SOUTH ACTON", "Easting_m": "519900.0", "Northing_m": "179900.0",
    "Easting_rounded": "519950", "Northing_rounded": "179950", "Latitude": "51.5053", "Longitude": "-0.2738", "FRS": "London",
    "IncidentStationGround": "Acton", "FirstPumpArriving_AttendanceTime": "316.0",
    "FirstPumpArriving_DeployedFromStation": "Acton", "SecondPumpArriving_AttendanceTime": "402",
    "SecondPumpArriving_DeployedFromStation": "Ealing", "NumPumpsAttending": "2.0", "Notional Cost (£)": "364",
}  # fmt: skip
MOBILISATION = {
    "IncidentNumber": "038967-19032023", "CalYear": "2023", "HourOfCall": "14", "ResourceMobilisationId": "6000001",
    "Resource_Code": "G261", "PerformanceReporting": "1", "DateAndTimeMobilised": "19/03/2023 14:13:00",
    "DateAndTimeMobile": "19/03/2023 14:14:05", "DateAndTimeArrived": "19/03/2023 14:18:16", "TurnoutTimeSeconds": "65",
    "TravelTimeSeconds": "251", "AttendanceTimeSeconds": "316", "DateAndTimeLeft": "19/03/2023 14:40:00",
    "DeployedFromStation_Code": "G26", "DeployedFromStation_Name": "Acton", "DeployedFromLocation": "Home Station",
    "PumpOrder": "1", "PlusCode_Code": "Initial", "PlusCode_Description": "Initial Mobilisation",
}  # fmt: skip


def raw_rows(dataset: str, *rows: dict[str, str | None]) -> pd.DataFrame:
    """Text cells under published names; each row replaces cells of the good one. Numbers differ from row to row."""
    good = INCIDENT if dataset == "incident" else MOBILISATION
    filled = []
    for number, row in enumerate(rows, start=1):
        own = (
            {"IncidentNumber": f"{number:06d}-19032023"}
            if dataset == "incident"
            else {"ResourceMobilisationId": str(number)}
        )
        filled.append({**good, **own, **row})
    return pd.DataFrame(filled, columns=published_names(dataset), dtype="str")


def chunk(dataset: str, *rows: dict[str, str | None]) -> RawChunk:
    frame = raw_rows(dataset, *rows)
    return RawChunk(frame, dataset, "file.csv", np.arange(2, 2 + len(frame)))

"""The names that users rely on, to the letter, and that the README tells nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from pipeline.core import columns, params

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def options_of(command):
    parser = load_command_class(get_commands()[command], command).create_parser("manage.py", command)
    return {option for action in parser._actions for option in action.option_strings}


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("process_data", {"--type", "--convert-to-pickle", "--json"}),
        ("build_features", {"--json"}),
        (
            "train_model",
            {
                "--data_path",
                "--data-path",
                "--model_path",
                "--model-path",
                "--ml_model_path",
                "--encoder_path",
                "--encoder-path",
                "--json",
            },
        ),
        ("evaluate_model", {"--json"}),
        ("predict", {"--distance", "--station", "--json"}),
    ],
)
def test_commands_take_the_promised_options(command, options):
    assert options <= options_of(command)


def test_types_are_the_promised_ones():
    assert params.DATASETS == ("incident", "mobilisation")


def test_promised_settings_exist():
    for name in (
        "LFB_DATA_DIR", "LFB_REFERENCE_DIR", "LFB_MODEL_DIR", "LFB_LOG_DIR", "LFB_INCIDENT_SOURCES", "LFB_MOBILISATION_SOURCES", "LFB_YEARS",
        "LFB_SPEED_BAND_KMH", "LFB_ATTENDANCE_BAND_SECONDS", "LFB_TRAIN_ON_BANDS", "LFB_STANDARDS",
    ):  # fmt: skip
        assert hasattr(settings, name)
    assert (settings.LFB_SPEED_BAND_KMH, settings.LFB_ATTENDANCE_BAND_SECONDS, settings.LFB_TRAIN_ON_BANDS) == (
        (5, 35),
        (193, 539),
        False,
    )


def test_mlflow_settings_have_the_promised_defaults():
    told = {
        "MLFLOW_ENABLED": None, "USE_MLFLOW": "0", "MLFLOW_TRACKING_URI": None, "MLFLOW_EXPERIMENT_NAME": None,
    }  # fmt: skip
    read = "from django.conf import settings as s; print(s.MLFLOW_ENABLED, s.MLFLOW_TRACKING_URI == f'sqlite:///{s.LFB_DATA_DIR}/mlflow/mlflow.db', s.MLFLOW_EXPERIMENT_NAME)"
    assert in_environment(read, {**told, "USE_MLFLOW": None}) == "True True LFB_MLOPS"
    assert in_environment(read, told) == "False True LFB_MLOPS"


def in_environment(code, changed):
    environment = {name: value for name, value in {**os.environ, **changed}.items() if value is not None}
    environment["DJANGO_SETTINGS_MODULE"] = "lfb_site.settings"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_expected_columns_are_the_promised_ones():
    incident = (
        "IncidentNumber, DateOfCall, CalYear, TimeOfCall, HourOfCall, IncidentGroup, StopCodeDescription, SpecialServiceType, "
        "PropertyCategory, PropertyType, AddressQualifier, Postcode_full, Postcode_district, UPRN, USRN, IncGeo_BoroughCode, "
        "IncGeo_BoroughName, ProperCase, IncGeo_WardCode, IncGeo_WardName, IncGeo_WardNameNew, Easting_m, Northing_m, Easting_rounded, "
        "Northing_rounded, Latitude, Longitude, FRS, IncidentStationGround, FirstPumpArriving_AttendanceTime, "
        "FirstPumpArriving_DeployedFromStation, SecondPumpArriving_AttendanceTime, SecondPumpArriving_DeployedFromStation, "
        "NumStationsWithPumpsAttending, NumPumpsAttending, PumpCount, PumpMinutesRounded, Notional Cost (£), NumCalls"
    )
    mobilisation = (
        "IncidentNumber, CalYear, HourOfCall, ResourceMobilisationId, Resource_Code, PerformanceReporting, DateAndTimeMobilised, "
        "DateAndTimeMobile, DateAndTimeArrived, TurnoutTimeSeconds, TravelTimeSeconds, AttendanceTimeSeconds, DateAndTimeLeft, "
        "DateAndTimeReturned, DeployedFromStation_Code, DeployedFromStation_Name, DeployedFromLocation, PumpOrder, PlusCode_Code, "
        "PlusCode_Description, DelayCodeId, DelayCode_Description"
    )
    assert columns.published_names("incident") == incident.split(", ")
    assert columns.published_names("mobilisation") == mobilisation.split(", ")


def test_feature_file_keeps_the_promised_names():
    assert set(columns.FEATURE_FILE_NAMES.values()) == {"distance", "DeployedFromStation_Name", "AttendanceTimeSeconds"}


def test_every_command_in_the_readme_exists_with_its_options():
    for command, words in re.findall(r"manage\.py (\w+)([^\n`#]*)", README):
        assert command in get_commands(), command
        assert set(re.findall(r"--[\w-]+", words)) <= options_of(command)


def test_every_option_in_the_readme_table_exists():
    for command, cell in re.findall(r"^\| `(\w+)` \| ([^|]*) \|", README, flags=re.MULTILINE):
        if command in get_commands():
            assert set(re.findall(r"--[\w-]+", cell)) <= options_of(command), command


def test_every_setting_in_the_readme_is_read_and_every_setting_read_is_in_the_readme():
    source = (Path(settings.BASE_DIR) / "lfb_site" / "settings.py").read_text()
    names = r"((?:LFB|DJANGO|MLFLOW|PUSHGATEWAY)_[A-Z_]+|DATABASE_URL|REDIS_URL|PROMETHEUS_MULTIPROC_DIR)"
    read = set(re.findall(f'"{names}"', source))
    told = set(re.findall(f"`{names}", README))
    told -= {"LFB_REAL_DATA_DIR", "LFB_TEST_DATABASE_URL", "LFB_TEST_REDIS_URL"}  # the tests' own
    told -= {"LFB_SITE_NAME", "LFB_PORT", "LFB_WEB_MEMORY", "LFB_WORKER_MEMORY"}  # the compose file's
    assert read == told


def test_pictures_in_the_readme_are_there():
    for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (Path(settings.BASE_DIR) / name).stat().st_size > 0


DOCUMENTS = [
    Path("README.md"),
    *sorted(path.relative_to(settings.BASE_DIR) for path in settings.BASE_DIR.glob("docs/**/*.md")),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_and_every_file_of_the_code_named_in_a_document_exists(document):
    text = (settings.BASE_DIR / document).read_text()
    linked = {document.parent / target for target in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", text)}
    named = {
        Path(name)
        for name in re.findall(r"`((?:lfb_site|pipeline|predictions|benchmarks|tests|docs|deploy)/[\w./-]*)`", text)
    }
    assert {str(path) for path in linked | named if not (settings.BASE_DIR / path).exists()} == set()


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if path.parent.name == "decisions"], ids=str)
def test_every_decision_says_its_context_and_its_consequences(document):
    headings = re.findall(r"^## (.+)$", (settings.BASE_DIR / document).read_text(), flags=re.MULTILINE)
    assert {"Context", "Decision", "Consequences"} <= set(headings)

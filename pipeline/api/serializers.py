"""What the pipeline's REST doors take and give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from rest_framework import serializers

from lfb_site.strict import StrictSerializer
from pipeline import steps
from pipeline.api.scrubbing import hide_paths, hide_tracebacks
from pipeline.core.errors import PathError
from pipeline.core.params import BACKTEST_WAYS, DATASETS, ESTIMATOR_NAMES, MAX_FOLDS, ROW_ORIGINS
from pipeline.models import DatasetRun, ModelVersion, Station
from pipeline.storage import paths

MAX_VERSION = 2_147_483_647


class WaitQuery(serializers.Serializer):
    """`?wait=SECONDS` beside whatever else is asked."""

    wait = serializers.FloatField(
        required=False,
        default=0,
        min_value=0,
        help_text="Hold the answer until the run ends, at most so many seconds; a site where many hold on answers 202 at once.",
    )

    def validate_wait(self, wait: float) -> float:
        if not wait <= settings.LFB_MAX_WAIT_SECONDS:
            raise serializers.ValidationError(f"wanted at most {settings.LFB_MAX_WAIT_SECONDS:g} seconds.")
        return wait


class ProcessDataQuery(StrictSerializer):
    also_allowed = ("wait",)
    incident = serializers.BooleanField(default=False, help_text="Process the incident file.")
    mobilisation = serializers.BooleanField(default=False, help_text="Process the mobilisation file.")
    convert_to_pickle = serializers.BooleanField(default=False, help_text="Store pickles beside the CSVs.")

    def given(self) -> dict[str, Any]:
        chosen = self.validated_data
        datasets = [name for name in DATASETS if chosen[name]]
        return {"datasets": datasets or None, "convert_to_pickle": chosen["convert_to_pickle"]}


class BuildFeaturesQuery(StrictSerializer):
    also_allowed = ("wait",)

    def given(self) -> dict[str, Any]:
        return {}


class TrainModelInput(StrictSerializer):
    data_path = serializers.CharField(required=False, max_length=1_000, trim_whitespace=False)
    model_path = serializers.CharField(required=False, max_length=1_000, trim_whitespace=False)
    ml_model_path = serializers.CharField(
        required=False, max_length=1_000, trim_whitespace=False, help_text="The same as model_path."
    )
    encoder_path = serializers.CharField(required=False, max_length=1_000, trim_whitespace=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if len({given[name] for name in ("model_path", "ml_model_path") if name in given}) > 1:
            raise serializers.ValidationError({"ml_model_path": "differs from model_path: give one of them."})
        for name, path in given.items():
            _confine(name, path)
        return given

    def given(self) -> dict[str, Any]:
        chosen = dict(self.validated_data)
        model_path = chosen.pop("ml_model_path", None)
        return {"model_path": model_path, **chosen}


def _confine(name: str, path: str) -> None:
    """Refuse a path outside its folder before any run begins; the run itself looks again."""
    for_data = name == "data_path"
    folder, known_as = (settings.LFB_DATA_DIR, "data") if for_data else (settings.LFB_MODEL_DIR, "models")
    suffixes = (".csv", ".parquet") if for_data else (".pkl",)
    try:
        paths.confine(path, Path(folder), known_as=known_as, suffixes=suffixes)
    except PathError as error:
        fields = {name: error.fields.get("path", "not allowed")}
        raise PathError(error.message, code=error.code, hint=error.hint, fields=fields) from None


class FeatureFileInput(StrictSerializer):
    """A step that reads a feature file; others add what they take besides."""

    data_path = serializers.CharField(required=False, max_length=1_000, trim_whitespace=False)

    def validate_data_path(self, path: str) -> str:
        _confine("data_path", path)
        return path

    def given(self) -> dict[str, Any]:
        return dict(self.validated_data)


class EvaluateModelInput(FeatureFileInput):
    version = serializers.IntegerField(required=False, min_value=1, max_value=MAX_VERSION)


class BacktestModelInput(FeatureFileInput):
    estimator = serializers.ChoiceField(ESTIMATOR_NAMES, required=False)
    way = serializers.ChoiceField(BACKTEST_WAYS, required=False)
    folds = serializers.IntegerField(required=False, min_value=1, max_value=MAX_FOLDS)


class BuildFeaturesInput(StrictSerializer):
    rows_from = serializers.ChoiceField(ROW_ORIGINS, required=False)

    def given(self) -> dict[str, Any]:
        return dict(self.validated_data)


class ProcessDataInput(ProcessDataQuery):
    also_allowed = ()


class HousekeepingInput(StrictSerializer):
    def given(self) -> dict[str, Any]:
        return {}


class TrackModelsInput(StrictSerializer):
    def given(self) -> dict[str, Any]:
        return {}


STEP_INPUTS: dict[str, type[StrictSerializer]] = {
    "process_data": ProcessDataInput,
    "build_features": BuildFeaturesInput,
    "train_model": TrainModelInput,
    "evaluate_model": EvaluateModelInput,
    "monitor_model": FeatureFileInput,
    "backtest_model": BacktestModelInput,
    "housekeeping": HousekeepingInput,
    "track_models": TrackModelsInput,
}


STARTABLE_STEPS = [(name, name) for name in sorted(STEP_INPUTS)]


class RunStartInput(StrictSerializer):
    step = serializers.ChoiceField(STARTABLE_STEPS)
    parameters = serializers.DictField(required=False, default=dict)
    then = serializers.ListField(
        child=serializers.ChoiceField(STARTABLE_STEPS),
        required=False,
        default=list,
        max_length=10,
        help_text="Steps that follow with their usual parameters, each when the one before it has succeeded.",
    )


class ErrorAnswer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)
    fields = serializers.DictField()  # type: ignore[assignment]


class StartedAnswer(serializers.Serializer):
    status = serializers.CharField(help_text="Of the run: queued, running, succeeded, failed, crashed or cancelled.")
    message = serializers.CharField()
    run = serializers.IntegerField(help_text="The run's number.")
    url = serializers.CharField(help_text="Where the run's record is.")
    error = serializers.DictField(allow_null=True, help_text="Why it failed: code, message, hint, fields.")


class RunSerializer(serializers.ModelSerializer):
    """A run without its log, which has an address of its own. No path of the server is told."""

    started_by = serializers.CharField(source="started_by_name")
    seconds = serializers.SerializerMethodField(help_text="Running time.")
    follows = serializers.IntegerField(
        source="follows_id", allow_null=True, help_text="The run it waits or waited for."
    )
    retry_of = serializers.IntegerField(source="retry_of_id", allow_null=True, help_text="The run it tries again.")
    schedule = serializers.IntegerField(
        source="schedule_id", allow_null=True, help_text="The schedule that started it."
    )
    error = serializers.SerializerMethodField()
    parameters = serializers.SerializerMethodField()
    progress = serializers.DictField()
    inputs = serializers.SerializerMethodField()
    outputs = serializers.SerializerMethodField()
    rejects = serializers.DictField(child=serializers.IntegerField())
    metrics = serializers.DictField()
    details = serializers.SerializerMethodField()
    notes = serializers.SerializerMethodField()

    class Meta:
        model = DatasetRun
        fields = (
            "id", "step", "status", "trigger", "started_by", "queued_at", "started_at", "finished_at", "seconds", "progress",
            "follows", "retry_of", "attempt", "not_before", "cancel_requested_by", "schedule",
            "parameters", "inputs", "outputs", "rows_in", "rows_out", "rejects", "metrics", "details", "notes", "is_sample",
            "error", "peak_memory_bytes", "code_version",
        )  # fmt: skip

    def get_seconds(self, run: DatasetRun) -> float | None:
        return run.duration.total_seconds() if run.duration else None

    def get_error(self, run: DatasetRun) -> dict[str, Any] | None:
        return run_error(run)

    def get_parameters(self, run: DatasetRun) -> dict[str, Any]:
        return dict(hide_paths(steps.shown(run.parameters)))

    def get_inputs(self, run: DatasetRun) -> list[dict[str, Any]]:
        return list(hide_paths(run.inputs))

    def get_outputs(self, run: DatasetRun) -> list[dict[str, Any]]:
        return list(hide_paths(run.outputs))

    def get_details(self, run: DatasetRun) -> dict[str, Any]:
        return dict(hide_paths(run.details))

    def get_notes(self, run: DatasetRun) -> list[str]:
        return list(hide_paths(run.notes))


def run_error(run: DatasetRun) -> dict[str, Any] | None:
    """The one shape of errors, for a run that failed."""
    if not run.error_code:
        return None
    error = {"code": run.error_code, "message": run.error_message, "hint": run.error_hint, "fields": run.error_fields}
    return dict(hide_paths(error))


class RunLogAnswer(serializers.Serializer):
    run = serializers.IntegerField(source="pk")
    log = serializers.SerializerMethodField(help_text="The first lines and the latest.")

    def get_log(self, run: DatasetRun) -> str:
        return str(hide_paths(hide_tracebacks(run.log_excerpt)))


class StationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Station
        fields = (
            "name", "code", "kind", "borough_name", "address", "latitude", "longitude", "easting_m", "northing_m", "opened",
            "closed",
        )  # fmt: skip


class ModelVersionSerializer(serializers.ModelSerializer):
    in_use = serializers.SerializerMethodField()
    run = serializers.IntegerField(source="run_id")
    promoted_by = serializers.CharField(source="promoted_by_name")
    feature_names = serializers.ListField(child=serializers.CharField())
    metrics = serializers.DictField()

    class Meta:
        model = ModelVersion
        fields = (
            "number", "in_use", "state", "state_reason", "estimator", "is_sample", "created_at", "promoted_at", "promoted_by",
            "run", "feature_names", "trained_from", "trained_to", "training_rows", "tested_from", "tested_to", "tested_rows",
            "metrics", "code_version",
        )  # fmt: skip

    def get_in_use(self, version: ModelVersion) -> bool:
        return version.state == "champion"


class CompareQuery(StrictSerializer):
    versions = serializers.RegexField(
        r"^\d{1,9}(,\d{1,9}){1,9}$", max_length=100, help_text="Two to ten numbers, separated by commas: `1,2`."
    )


class ComparedFigure(serializers.Serializer):
    name = serializers.CharField()
    values = serializers.DictField(child=serializers.FloatField(allow_null=True), help_text="By version number.")


class ComparisonAnswer(serializers.Serializer):
    versions = ModelVersionSerializer(many=True)
    same_test_rows = serializers.BooleanField(help_text="Whether all were judged on the same rows of the same data.")
    figures = ComparedFigure(many=True)


class PromotionInput(StrictSerializer):
    reason = serializers.CharField(required=False, max_length=500, default="chosen through the API")

"""The REST doors of data, runs and models: read the input, call one function, show the answer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from lfb_site.authentication import PasswordAuthentication, TokenAuthentication
from lfb_site.permissions import CalledOnPurpose, holds
from pipeline import registry
from pipeline.actions.promote_model import promote_model, roll_back_model
from pipeline.api import serializers as shapes
from pipeline.api.filters import ModelVersionFilter, RunFilter, StationFilter
from pipeline.api.starting import await_end, cancel_run, retry_run, start_run
from pipeline.models import DatasetRun, ModelVersion, Station, Trigger

MayStartRuns = holds("pipeline.start_runs")
MayPromote = holds("pipeline.promote_version")

STARTED = OpenApiExample(
    "started",
    {
        "status": "queued",
        "message": "Process data was started as run 12.",
        "run": 12,
        "url": "/api/v1/runs/12",
        "error": None,
    },
    response_only=True,
    status_codes=["202"],
)
ANSWERS = {202: shapes.StartedAnswer, 200: shapes.StartedAnswer}


def started(run: DatasetRun, request: Request) -> Response:
    """202 with the run's address; with `?wait=` 200 once the run has ended."""
    asked = shapes.WaitQuery(data=request.query_params)
    asked.is_valid(raise_exception=True)
    wait = asked.validated_data["wait"]
    run = await_end(run, wait)
    url = reverse("run-detail", args=[run.pk])
    ended = run.has_ended
    message = f"{run.step} was started as run {run.pk}."
    if ended:
        message = run.error_message or f"{run.step}, run {run.pk}: {run.get_status_display().lower()}."
    error = shapes.run_error(run)
    body = {
        "status": run.status,
        "message": error["message"] if error else message,
        "run": run.pk,
        "url": url,
        "error": error,
    }
    code = status.HTTP_200_OK if ended and wait else status.HTTP_202_ACCEPTED
    return Response(body, status=code, headers={"Location": url, "Cache-Control": "no-store"})


def checked(shape: type[Any], data: Any, request: Request) -> dict[str, Any]:
    """The step's parameters from the input; whatever is wrong, `wait` included, raises before anything starts."""
    shapes.WaitQuery(data=request.query_params).is_valid(raise_exception=True)
    asked = shape(data=data)
    asked.is_valid(raise_exception=True)
    given: dict[str, Any] = asked.given()
    return given


@extend_schema(tags=["pipeline"], responses=ANSWERS, examples=[STARTED])
class StartByGetViewSet(viewsets.ViewSet):
    """Calls that start work by GET, as the contract has them. No cookie starts them, nor HEAD."""

    authentication_classes = (PasswordAuthentication, TokenAuthentication)
    permission_classes = (MayStartRuns, CalledOnPurpose)
    http_method_names = ("get",)

    @extend_schema(
        operation_id="process_data", summary="Process data", parameters=[shapes.ProcessDataQuery, shapes.WaitQuery]
    )
    def process_data(self, request: Request) -> Response:
        """Fetch, read, validate, filter and store; with neither file named, both. Answers at once."""
        given = checked(shapes.ProcessDataQuery, request.query_params, request)
        return started(start_run("process_data", given, by=request.user), request)

    @extend_schema(operation_id="build_features", summary="Build features", parameters=[shapes.WaitQuery])
    def build_features(self, request: Request) -> Response:
        """Join incidents, mobilisations and stations into the feature file. Answers at once."""
        given = checked(shapes.BuildFeaturesQuery, request.query_params, request)
        return started(start_run("build_features", given, by=request.user), request)


@extend_schema(tags=["pipeline"], responses=ANSWERS)
class TrainModelViewSet(viewsets.ViewSet):
    permission_classes = (MayStartRuns,)

    @extend_schema(
        operation_id="train_model",
        summary="Train a model",
        request=shapes.TrainModelInput,
        parameters=[shapes.WaitQuery],
        examples=[
            STARTED,
            OpenApiExample(
                "the usual files",
                {
                    "data_path": "./data/global_data.csv",
                    "ml_model_path": "./models/linear_regression_model.pkl",
                    "encoder_path": "./models/onehot_encoder.pkl",
                },
                request_only=True,
            ),
        ],
    )
    def train_model(self, request: Request) -> Response:
        """Train, evaluate, save model and encoder, register the version. Answers at once."""
        given = checked(shapes.TrainModelInput, request.data, request)
        return started(start_run("train_model", given, by=request.user), request)


@extend_schema(tags=["runs"])
@extend_schema_view(list=extend_schema(summary="Runs, the latest first"), retrieve=extend_schema(summary="One run"))
class RunViewSet(viewsets.ReadOnlyModelViewSet):
    """The record of every start. Administrators see all, standard users their own."""

    queryset = DatasetRun.objects.defer("log_excerpt")
    serializer_class = shapes.RunSerializer
    filterset_class = RunFilter
    ordering_fields = ("id", "queued_at", "started_at", "finished_at", "step", "status")
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[DatasetRun]:
        found = super().get_queryset()
        if self.request.user.has_perm("pipeline.view_datasetrun"):
            return found
        return found.filter(started_by=self.request.user)

    def get_permissions(self) -> list[Any]:
        # Whoever may order a batch may call it off: `cancel` looks whose it is.
        return [MayStartRuns()] if self.action in ("create", "retry") else [IsAuthenticated()]

    @extend_schema(
        summary="Start a step",
        request=shapes.RunStartInput,
        responses=ANSWERS,
        parameters=[shapes.WaitQuery],
        examples=[
            STARTED,
            OpenApiExample("evaluate", {"step": "evaluate_model"}, request_only=True),
            OpenApiExample(
                "the whole job",
                {"step": "process_data", "then": ["build_features", "train_model", "evaluate_model"]},
                request_only=True,
            ),
        ],
    )
    def create(self, request: Request) -> Response:
        asked = shapes.RunStartInput(data=request.data)
        asked.is_valid(raise_exception=True)
        step = asked.validated_data["step"]
        given = checked(shapes.STEP_INPUTS[step], asked.validated_data["parameters"], request)
        return started(start_run(step, given, by=request.user, then=asked.validated_data["then"]), request)

    @extend_schema(summary="What the run logged", responses=shapes.RunLogAnswer)
    @action(detail=True)
    def log(self, request: Request, pk: str) -> Response:
        return Response(shapes.RunLogAnswer(self.get_object()).data)

    @extend_schema(summary="Cancel a queued or running run", request=None, responses=shapes.RunSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        run = self.get_object()
        if run.started_by_id != request.user.pk and not request.user.has_perm("pipeline.start_runs"):
            self.permission_denied(request, message=MayStartRuns.message)
        cancel_run(run, by=request.user)
        run.refresh_from_db()
        return Response(self.get_serializer(run).data)

    @extend_schema(
        summary="Start an ended run's step again, with its parameters",
        request=None,
        responses={202: shapes.RunSerializer},
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        again = retry_run(self.get_object(), by=request.user)
        return Response(self.get_serializer(again).data, status=status.HTTP_202_ACCEPTED)


@extend_schema(tags=["stations"])
@extend_schema_view(list=extend_schema(summary="Stations"), retrieve=extend_schema(summary="One station, by name"))
@method_decorator(conditional_page, name="dispatch")
class StationViewSet(viewsets.ReadOnlyModelViewSet):
    """Fire stations, open and closed. Answers carry an ETag."""

    queryset = Station.objects.all()
    serializer_class = shapes.StationSerializer
    filterset_class = StationFilter
    ordering_fields = ("name", "code", "borough_name", "opened", "closed")
    lookup_field = "name"
    lookup_value_regex = r"[^/\x00]{1,60}"


@extend_schema(tags=["model versions"])
@extend_schema_view(
    list=extend_schema(summary="Model versions, the newest first"), retrieve=extend_schema(summary="One model version")
)
@method_decorator(conditional_page, name="dispatch")
class ModelVersionViewSet(viewsets.ReadOnlyModelViewSet):
    """Every trained model with its figures. Answers carry an ETag."""

    queryset = ModelVersion.objects.defer("evaluation")
    serializer_class = shapes.ModelVersionSerializer
    filterset_class = ModelVersionFilter
    ordering_fields = ("number", "created_at", "promoted_at", "training_rows")
    lookup_field = "number"
    lookup_value_regex = r"\d{1,9}"

    def get_permissions(self) -> list[Any]:
        return [MayPromote()] if self.action in ("promote", "roll_back") else [IsAuthenticated()]

    @extend_schema(
        summary="Versions side by side on the same figures",
        parameters=[shapes.CompareQuery],
        responses=shapes.ComparisonAnswer,
        filters=False,
    )
    @action(detail=False, pagination_class=None, filterset_class=None, filter_backends=())
    def compare(self, request: Request) -> Response:
        asked = shapes.CompareQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        numbers = [int(number) for number in asked.validated_data["versions"].split(",")]
        versions = [registry.get(number) for number in dict.fromkeys(numbers)]
        return Response(shapes.ComparisonAnswer(registry.compare(versions)).data)

    @extend_schema(summary="Put a version in use", request=shapes.PromotionInput)
    @action(detail=True, methods=["post"])
    def promote(self, request: Request, number: str) -> Response:
        asked = shapes.PromotionInput(data=request.data)
        asked.is_valid(raise_exception=True)
        reason = asked.validated_data["reason"]
        version = promote_model(self.get_object(), by=request.user, reason=reason, trigger=Trigger.API)
        return Response(self.get_serializer(version).data)

    @extend_schema(
        summary="Go back to the version that was in use before",
        request=None,
        responses=shapes.ModelVersionSerializer,
        filters=False,
    )
    @action(detail=False, methods=["post"], url_path="roll-back")
    def roll_back(self, request: Request) -> Response:
        version = roll_back_model(by=request.user, trigger=Trigger.API)
        return Response(self.get_serializer(version).data)

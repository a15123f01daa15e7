"""Root addresses."""

from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path, re_path
from django.views.decorators.gzip import gzip_page
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from lfb_site import api_errors
from lfb_site.api import HealthViewSet, TokenViewSet
from lfb_site.forms import LoginForm
from lfb_site.observability.views import MetricsView
from pipeline.admin import queue_pages
from pipeline.api.response_times import ResponseTimesViewSet
from pipeline.api.schedules import ScheduleViewSet
from pipeline.api.viewsets import (
    ModelVersionViewSet,
    RunViewSet,
    StartByGetViewSet,
    StationViewSet,
    TrainModelViewSet,
)
from pipeline.model_pages import compare_models, model_card_file, model_page, model_report, models_page
from pipeline.views import response_times_file, response_times_page
from predictions.api.viewsets import BatchViewSet, PredictionViewSet, PredictViewSet
from predictions.views import prediction_page

router = SimpleRouter(trailing_slash=False)
router.register("stations", StationViewSet, basename="station")
router.register("runs", RunViewSet, basename="run")
router.register("model-versions", ModelVersionViewSet, basename="model-version")
router.register("predictions/batches", BatchViewSet, basename="batch")
router.register("predictions", PredictionViewSet, basename="prediction")
router.register("schedules", ScheduleViewSet, basename="schedule")
router.register("tokens", TokenViewSet, basename="token")

# Both write their own styles into the page, and one works in the background; their scripts come from here all the same.
styled = csp_update({"style-src": ["'self'", "'unsafe-inline'"], "worker-src": ["'self'", "blob:"]})

urlpatterns = [
    path("", gzip_page(prediction_page), name="predict_page"),
    path("response-times", gzip_page(response_times_page), name="response_times"),
    path("response-times.csv", response_times_file, {"kind": "csv"}, name="response_times_csv"),
    path("response-times.xlsx", response_times_file, {"kind": "xlsx"}, name="response_times_xlsx"),
    path("models", gzip_page(models_page), name="models"),
    path("models/compare", gzip_page(compare_models), name="compare_models"),
    path("models/<int:number>", gzip_page(model_page), name="model_page"),
    path("models/<int:number>/report", model_report, name="model_report"),
    path("models/<int:number>/card.md", model_card_file, name="model_card"),
    path("health", HealthViewSet.as_view({"get": "health"}), name="health"),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("process_data", StartByGetViewSet.as_view({"get": "process_data"}), name="process_data"),
    path("build_features", StartByGetViewSet.as_view({"get": "build_features"}), name="build_features"),
    path("train_model", TrainModelViewSet.as_view({"post": "train_model"}), name="train_model"),
    path("predict", PredictViewSet.as_view({"get": "predict"}), name="predict"),
    path("api/v1/", include(router.urls)),
    path("api/v1/response-times", ResponseTimesViewSet.as_view({"get": "list"}), name="api_response_times"),
    path("api/v1/response-times.csv", ResponseTimesViewSet.as_view({"get": "csv"}), name="api_response_times_csv"),
    path("api/schema", SpectacularJSONAPIView.as_view(), name="schema"),
    path("api/docs", styled(SpectacularSwaggerSplitView.as_view(url_name="schema")), name="docs"),
    path("api/redoc", styled(SpectacularRedocView.as_view(url_name="schema")), name="redoc"),
    re_path(r"^(api(/|$)|(health|process_data|build_features|train_model|predict)/)", api_errors.not_found),
    path("login", LoginView.as_view(template_name="login.html", authentication_form=LoginForm), name="login"),
    path("logout", LogoutView.as_view(next_page="predict_page"), name="logout"),
    path("admin/queues/", include(queue_pages.urls)),
    path("admin/", admin.site.urls),
    re_path(
        r"^(?P<address>models|response-times|login)/$", RedirectView.as_view(url="/%(address)s", query_string=True)
    ),
]

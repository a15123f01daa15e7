"""Root addresses."""

from django.contrib import admin
from django.urls import path

from lfb_site.views import health
from predictions.views import prediction_page

urlpatterns = [
    path("", prediction_page, name="predict_page"),
    path("health", health, name="health"),
    path("admin/", admin.site.urls),
]

admin.site.site_header = "London fire engine attendance times"
admin.site.site_title = "Attendance times"
admin.site.index_title = "Data, runs and models"

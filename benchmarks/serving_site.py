"""The site as it is, and one empty view behind a login beside it: what benchmarks/serving.py measures against."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lfb_site.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.ROOT_URLCONF = "benchmarks.serving_site"
application = get_wsgi_application()

from django.urls import path  # noqa: E402  (after Django is set up)
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from lfb_site.urls import urlpatterns as site_addresses  # noqa: E402


class EmptyView(APIView):
    """Nothing but what the site does for every view: login, permission, throttling."""

    def get(self, request):
        return Response({})


# Beside /predict, so that finding either address takes as long.
_place = next(place for place, address in enumerate(site_addresses) if address.name == "predict")
urlpatterns = [*site_addresses[:_place], path("empty", EmptyView.as_view()), *site_addresses[_place:]]

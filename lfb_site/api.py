"""REST doors of the site itself: health and tokens."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from lfb_site.filtering import Filters
from lfb_site.health import impaired, missing
from lfb_site.models import AccessToken
from lfb_site.strict import StrictSerializer


class HealthAnswer(serializers.Serializer):
    status = serializers.ChoiceField(["ok", "degraded", "unavailable"])
    missing = serializers.ListField(child=serializers.CharField())


class HealthViewSet(viewsets.ViewSet):
    """Open to all, and never cached."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @extend_schema(
        summary="Whether the site can do its work",
        tags=["health"],
        responses={200: HealthAnswer, 503: HealthAnswer},
        examples=[OpenApiExample("ok", {"status": "ok", "missing": []}, response_only=True, status_codes=["200"])],
    )
    def health(self, request: Request) -> Response:
        """`status` is "ok"; "degraded" where only background work is not possible; "unavailable" with HTTP 503."""
        lacking, away = missing(), impaired()
        state = "unavailable" if lacking else "degraded" if away else "ok"
        return Response(
            {"status": state, "missing": lacking + away},
            status=status.HTTP_503_SERVICE_UNAVAILABLE if lacking else status.HTTP_200_OK,
            headers={"Cache-Control": "no-store"},
        )


class TokenSerializer(StrictSerializer):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=80, help_text="What the token is for.")
    created_at = serializers.DateTimeField(read_only=True)
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Without one the token holds until it is revoked."
    )

    def validate_expires_at(self, moment: dt.datetime | None) -> dt.datetime | None:
        if moment is not None and moment <= timezone.now():
            raise serializers.ValidationError("lies in the past: the token could never be used.")
        return moment


class NewTokenSerializer(TokenSerializer):
    token = serializers.CharField(read_only=True, help_text="Shown this once; only its hash is kept.")


@extend_schema(tags=["tokens"])
@extend_schema_view(
    list=extend_schema(summary="My tokens"),
    retrieve=extend_schema(summary="One of my tokens"),
    destroy=extend_schema(summary="Revoke one of my tokens"),
)
class TokenViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet):
    """A user's own tokens. Other systems send one as `Authorization: Bearer …`."""

    queryset = AccessToken.objects.none()
    serializer_class = TokenSerializer
    lookup_value_regex = r"\d{1,18}"
    filter_backends = (Filters,)

    def get_queryset(self) -> Any:
        return AccessToken.objects.filter(revoked_at__isnull=True, user=self.request.user)

    @extend_schema(
        summary="Make a token",
        request=TokenSerializer,
        responses={201: NewTokenSerializer},
        examples=[OpenApiExample("a token", {"name": "night report"}, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        asked = TokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        token, key = AccessToken.make(request.user, **asked.validated_data)
        token.token = key  # type: ignore[attr-defined]
        return Response(NewTokenSerializer(token).data, status=status.HTTP_201_CREATED)

    def perform_destroy(self, token: AccessToken) -> None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])

"""Input that names no field it does not have."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer):
    """Refuses unknown names, so that a misspelt option never passes in silence."""

    also_allowed: tuple[str, ...] = ()

    def to_internal_value(self, data: Any) -> Any:
        if hasattr(data, "keys"):
            unknown = [str(name) for name in data if name not in self.fields and name not in self.also_allowed]
            if unknown:
                wanted = ", ".join(self.fields) or "none"
                raise serializers.ValidationError(dict.fromkeys(unknown[:5], f"unknown, wanted {wanted}."))
        return super().to_internal_value(data)

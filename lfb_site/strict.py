"""Input that names no field it does not have, and refusals that name what there is."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer):
    """Refuses unknown and repeated names, so that a misspelt option never passes in silence."""

    also_allowed: tuple[str, ...] = ()

    def get_fields(self) -> dict[str, serializers.Field]:
        fields: dict[str, serializers.Field] = super().get_fields()
        for field in fields.values():
            _name_what_is_allowed(getattr(field, "child", field))
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if hasattr(data, "keys"):
            unknown = [str(name) for name in data if name not in self.fields and name not in self.also_allowed]
            if unknown:
                wanted = ", ".join(self.fields) or "none"
                raise serializers.ValidationError(dict.fromkeys(unknown[:5], f"unknown, wanted {wanted}."))
        if hasattr(data, "lists"):
            repeated = [name for name, values in data.lists() if len(values) > 1]
            if repeated:
                raise serializers.ValidationError(dict.fromkeys(repeated[:5], "was given more than once."))
        return super().to_internal_value(data)


def _name_what_is_allowed(field: serializers.Field) -> None:
    if isinstance(field, serializers.ChoiceField):
        field.error_messages["invalid_choice"] = f"“{{input}}” is none of {', '.join(map(str, field.choices))}."
    elif isinstance(field, serializers.BooleanField):
        field.error_messages["invalid"] = "Wanted true or false."

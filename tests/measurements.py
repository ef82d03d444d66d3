"""The part of a run's files that equal runs have in common: all but measurements."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.json_model import MEASUREMENT, JsonModel


def without_measurements(model: JsonModel) -> dict[str, object]:
    """Return what equal runs have in common to the bit."""
    kept = model.model_dump()
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if field.json_schema_extra == MEASUREMENT.json_schema_extra:
            kept.pop(name, None)
        elif name in kept:
            kept[name] = _without(value)
    return kept


def _without(value: object) -> object:
    match value:
        case JsonModel():
            return without_measurements(value)
        case Mapping():
            return {key: _without(one) for key, one in value.items()}
        case tuple():
            return tuple(map(_without, value))
    return value

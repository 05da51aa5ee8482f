"""Schemas for editors: DICOM's keywords to choose from, and recipes that extend others."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from dicomferry.recipe.annotations import ATTRIBUTE_FORMAT, PATTERN_FORMAT
from dicomferry.recipe.components import Components
from dicomferry.recipe.schema import Schema, recipe_schema
from dicomferry.recipe.steps import MARKERS

_NO_KEYWORD: Final = r"^(\(|[0-9A-Fa-fxX]{4},?[0-9A-Fa-fxX]{4}$)|\[(\*|[0-9]+)\]\."
"""A tag, a private element, a way into a sequence: what has too many forms to list."""

_STEPS: Final = ("source", "transform", "sink")
_WHOLE: Final = ("required", "oneOf", "minItems")
"""What holds of a whole recipe, and not of one that another completes."""


def with_keywords(schema: Schema) -> Schema:
    """Return a schema that knows every keyword of PS3.6 wherever an attribute is named."""
    from dicomferry.dicom.dictionary import keywords

    whole = copy.deepcopy(schema)
    for part in _parts(whole):
        if part.get("format") in (ATTRIBUTE_FORMAT, PATTERN_FORMAT):
            part["anyOf"] = [{"$ref": "#/$defs/keyword"}, {"pattern": _NO_KEYWORD}]
    whole["$defs"]["keyword"] = {
        "description": "A keyword of DICOM's dictionary (PS3.6).",
        "enum": sorted(keywords()),
    }
    return whole


def layer_schema(components: Components) -> Schema:
    """Return the schema of a recipe that extends another, or is there to be extended."""
    schema = copy.deepcopy(recipe_schema(components))
    for part in list(_parts(schema)):
        for key in _WHOLE:
            if isinstance(part.get(key), list | int):
                part.pop(key)
        if part.get("title") in _STEPS and "properties" in part:
            part["properties"] |= _markers()
        if part.get("type") not in (None, "null") and isinstance(part["type"], str):
            part["type"] = [part["type"], "null"]
    schema["title"] = "dicomferry recipe that extends another"
    schema["required"] = ["recipe"]
    schema["properties"]["extends"] = {
        "type": "string",
        "description": "The recipe that this one changes, relative to this one's folder.",
    }
    return schema


def _markers() -> Schema:
    place = {"type": ["string"], "description": "The id of the step that this one goes there of."}
    flag = {"const": True}
    described: Schema = {
        "remove": {**flag, "description": "Leave out the step with this id."},
        "replace": {**flag, "description": "Take this instead of the step with this id."},
        "before": place,
        "after": place,
    }
    return {marker: described[marker] for marker in MARKERS}


def _parts(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping of a schema, itself first."""
    match node:
        case dict():
            yield node
            for below in list(node.values()):
                yield from _parts(below)
        case list():
            for below in node:
                yield from _parts(below)

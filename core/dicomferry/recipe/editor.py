"""Schemas for editors: with DICOM's keywords, and for recipes that extend others."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from dicomferry.recipe.annotations import ATTRIBUTE_FORMAT, PATTERN_FORMAT
from dicomferry.recipe.components import Components
from dicomferry.recipe.schema import Schema, recipe_schema
from dicomferry.recipe.steps import MARKERS

_NO_KEYWORD: Final = r"^(\(|[0-9A-Fa-fxX]{4},?[0-9A-Fa-fxX]{4}$)|\[(\*|[0-9]+)\]\."
"""A tag, a private element or a path into a sequence: forms too many to list."""

_STEPS: Final = ("source", "transform", "sink")
_COMPLETE: Final = ("required", "oneOf", "minItems")
"""Rules of the schema for a complete recipe; a layer need not keep them."""


def with_keywords(schema: Schema) -> Schema:
    """Return a schema that lists every keyword of PS3.6 wherever an attribute is named."""
    from dicomferry.dicom.dictionary import keywords

    schema_with_keywords = copy.deepcopy(schema)
    for part in _parts(schema_with_keywords):
        if part.get("format") in (ATTRIBUTE_FORMAT, PATTERN_FORMAT):
            part["anyOf"] = [{"$ref": "#/$defs/keyword"}, {"pattern": _NO_KEYWORD}]
    schema_with_keywords["$defs"]["keyword"] = {
        "description": "A keyword of DICOM's dictionary (PS3.6).",
        "enum": sorted(keywords()),
    }
    return schema_with_keywords


def layer_schema(components: Components) -> Schema:
    """Return the schema of a layer: a recipe that extends another, or that others extend."""
    schema = copy.deepcopy(recipe_schema(components))
    for part in list(_parts(schema)):
        for key in _COMPLETE:
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

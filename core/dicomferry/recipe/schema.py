"""Composes the JSON Schema (2020-12) of the recipe from the components that are installed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

import msgspec

from dicomferry.contract.component import AnyComponent, AnyServerKind
from dicomferry.recipe.annotations import ATTRIBUTE_FORMAT, CONDITION_FORMAT, TEMPLATE_FORMAT
from dicomferry.recipe.components import Components
from dicomferry.recipe.servers import DEFAULT_IDENTIFIER, XNAT
from dicomferry.recipe.typed import KINDS
from dicomferry.template import Condition, Template

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FORMAT_VERSION: Final = 1
REMOVED: Final = "x-removed"
"""The schema's own key for options that there were: what to do with a recipe that has one."""

Schema = dict[str, Any]

_TEXT: Final = {"type": "string"}


def recipe_schema(components: Components, named: Collection[str] | None = None) -> Schema:
    """Return the recipe's schema; closed everywhere, so that an unknown key is an error.

    With `named`, only the components with these names have definitions of their options. That is
    enough to check a document that names no other, and takes a fraction of the time.
    """
    definitions: Schema = {}
    lists: Schema = {}
    kinds = {
        "source": components.sources,
        "transform": components.transforms,
        "sink": components.sinks,
    }
    for kind, offered in kinds.items():
        for name, component in offered.items():
            if _is_named(name, named):
                _define(definitions, f"{kind}.{name}", component.options, component.summary)
        lists[kind] = _steps(kind, offered)
    definitions["identification"] = _identification(
        definitions, components.identifiers.values(), named
    )
    definitions["server"] = _server(definitions, components.server_kinds().values(), named)
    return {
        "$schema": DIALECT,
        "title": "dicomferry recipe",
        "type": "object",
        "properties": _properties(lists),
        "required": ["recipe", "name", "sources", "sinks"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def identification_schema(components: Components) -> Schema:
    """Return the schema of a file with one `identification:` mapping."""
    whole = recipe_schema(components)
    return {
        "$schema": DIALECT,
        "title": "dicomferry identification",
        "type": "object",
        "properties": {"identification": {"$ref": "#/$defs/identification"}},
        "required": ["identification"],
        "additionalProperties": False,
        "$defs": whole["$defs"],
    }


def component_schema(component: AnyComponent | AnyServerKind) -> Schema:
    """Return the schema of the options of a component or a server, standing on its own."""
    definitions: Schema = {}
    _define(definitions, component.name, component.options, component.summary)
    return {"$schema": DIALECT, **definitions.pop(component.name), "$defs": definitions}


def option_schemas(component: AnyComponent | AnyServerKind) -> Schema:
    """Return the schema of each option of a component or a server, by the option's name."""
    return dict(_root_schema(component).get("properties", {}))


def required_options(component: AnyComponent | AnyServerKind) -> frozenset[str]:
    """Return the names of the options that must be given."""
    return frozenset(_root_schema(component).get("required", ()))


def _root_schema(component: AnyComponent | AnyServerKind) -> Schema:
    whole = component_schema(component)
    root: Schema = whole["$defs"][whole["$ref"].removeprefix("#/$defs/")]
    return root


def write_schemas(folder: Path, components: Components) -> tuple[Path, ...]:
    """Write `recipe.schema.json` and one file per component; return what was written."""
    schemas = {"recipe.schema.json": recipe_schema(components)}
    for kind, offered in components.by_kind().items():
        for name, component in offered.items():
            schemas[f"{kind}.{name}.schema.json"] = component_schema(component)
    folder.mkdir(parents=True, exist_ok=True)
    for file, schema in schemas.items():
        (folder / file).write_text(schema_text(schema), encoding="utf-8")
    return tuple(folder / file for file in sorted(schemas))


def schema_text(schema: Schema) -> str:
    """Return a schema as it is written to a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def schemas_folder() -> Path:
    """Return where the schemas that come with dicomferry are: in the wheel, or beside `core/`."""
    package = Path(__file__).parents[1]
    inside = package / "schemas"
    return inside if inside.is_dir() else package.parents[1] / "schemas"


def _is_named(name: str, named: Collection[str] | None) -> bool:
    return named is None or name in named


def _properties(lists: Schema) -> Schema:
    named = {"type": "object", "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"}}
    return {
        "recipe": {"const": FORMAT_VERSION, "description": "Version of the format."},
        "name": {
            **_TEXT,
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$",
            "maxLength": 64,
            "description": "Letters, digits, dots, dashes and underscores.",
        },
        "description": _TEXT,
        "params": {
            "type": "object",
            "description": "What one run may set differently from another: --set name=value.",
            "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
            "additionalProperties": _parameter(),
        },
        "servers": {**named, "additionalProperties": {"$ref": "#/$defs/server"}},
        "sources": {"type": "array", "minItems": 1, "items": lists["source"]},
        "transforms": {"type": "array", "items": lists["transform"]},
        "sinks": {"type": "array", "minItems": 1, "items": lists["sink"]},
        "allow": {
            "type": "array",
            "items": _TEXT,
            "uniqueItems": True,
            "description": "Codes of problems that are known and shall not stop a run.",
        },
        "tests": {"type": "array", "items": _test(), "description": "The recipe's own proof."},
    }


def _parameter() -> Schema:
    return {
        "title": "parameter",
        "type": "object",
        "properties": {
            "type": {"enum": list(KINDS), "description": "What its text must look like."},
            "choices": {"type": "array", "minItems": 1, "items": _TEXT, "uniqueItems": True},
            "default": {"type": ["string", "number", "boolean"]},
            "description": _TEXT,
        },
        "additionalProperties": False,
    }


def _test() -> Schema:
    names = {"type": "object", "additionalProperties": _TEXT}
    return {
        "title": "test",
        "type": "object",
        "properties": {
            "name": _TEXT,
            "given": _values("Attributes of an instance made up; ~ leaves one out."),
            "file": {**_TEXT, "description": "An instance, relative to the recipe's folder."},
            "path": {**names, "description": "What templates see as path.NAME."},
            "row": {**names, "description": "What templates see as row.NAME."},
            "expect": _expectation(),
        },
        "required": ["expect"],
        "additionalProperties": False,
    }


def _expectation() -> Schema:
    held = {"type": ["string", "boolean"]}
    label = {"type": ["string", "null"]}
    return {
        "title": "expectation",
        "type": "object",
        "description": "What must become of it; only what is named is compared.",
        "properties": {
            "project": {**label, "description": "What XNAT takes; nothing (~) is Unassigned."},
            "subject": {**label, "description": "What XNAT takes."},
            "session": {**_TEXT, "description": "What XNAT takes."},
            "edits": _values("Every attribute that changes and its new text; ~ is a removal."),
            "tags": _values("Attributes as they are sent; ~ is one that is not there."),
            "excluded": {**held, "description": "Left out: true, or a part of the reason."},
            "rejected": {**held, "description": "Held back: true, or a part of the reason."},
        },
        "additionalProperties": False,
    }


def _values(description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "propertyNames": {"format": ATTRIBUTE_FORMAT},
        "additionalProperties": {"type": ["string", "null"]},
    }


def _steps(kind: str, names: Iterable[str]) -> Schema:
    """Return the schema of a list item: one component key, with `id` and `when` beside it."""
    steps = {name: {"$ref": f"#/$defs/{kind}.{name}"} for name in names}
    beside = {
        "id": {**_TEXT, "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
        "when": {**_TEXT, "format": CONDITION_FORMAT},
    }
    return {
        "title": kind,
        "type": "object",
        "properties": {**steps, **beside},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in steps] or [False],
    }


def _server(
    definitions: Schema, offered: Iterable[AnyServerKind], named: Collection[str] | None
) -> Schema:
    kinds = {}
    for kind in offered:
        kinds[kind.name] = {"$ref": f"#/$defs/server.{kind.name}"}
        if not _is_named(kind.name, named):
            continue
        root = _define(definitions, f"server.{kind.name}", kind.options, kind.summary)
        if kind is XNAT:
            options = definitions[root]["properties"]
            options["identification"] = {"$ref": "#/$defs/identification"}
    return {
        "title": "server",
        "type": "object",
        "properties": kinds,
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in kinds],
    }


def _identification(
    definitions: Schema, identifiers: Iterable[AnyComponent], named: Collection[str] | None
) -> Schema:
    """Return the schema of `identification:`: the identifier named picks the options beside it."""
    names = []
    branches = []
    for component in identifiers:
        name = component.name
        names.append(name)
        chosen: Schema = {"properties": {"identifier": {"const": name}}}
        if name != DEFAULT_IDENTIFIER:
            chosen["required"] = ["identifier"]
        branches.append({"if": chosen, "then": {"$ref": f"#/$defs/identifier.{name}"}})
        if not _is_named(name, named):
            continue
        root = _define(definitions, f"identifier.{name}", component.options, component.summary)
        definitions[root]["properties"]["identifier"] = {"const": name}
    return {
        "title": "identification",
        "description": "How the server identifies what arrives; omitted: XNAT's default.",
        "type": "object",
        "properties": {"identifier": {"enum": names, "default": DEFAULT_IDENTIFIER}},
        "allOf": branches,
    }


def _define(definitions: Schema, name: str, options: type[Any], summary: str) -> str:
    """Add a component's options under `name`, its other types below it; return the root's name."""
    (root,), parts = msgspec.json.schema_components(
        [options], schema_hook=_hook, ref_template=f"#/$defs/{name}.{{name}}"
    )
    for part, schema in parts.items():
        _close(schema)
        if "description" in schema:  # a docstring, which only Python 3.13 cleans by itself
            schema["description"] = cleandoc(schema["description"])
        definitions[f"{name}.{part}"] = schema
    definitions[name] = {"title": name, "description": summary, **root}
    part = str(root["$ref"]).removeprefix("#/$defs/")
    removed = getattr(options, "removed", None)
    if isinstance(removed, Mapping):
        definitions[part][REMOVED] = dict(removed)
    return part


def _hook(kind: type[Any]) -> Schema:
    texts: Mapping[type[Any], Schema] = {
        Template: {**_TEXT, "format": TEMPLATE_FORMAT},
        Condition: {**_TEXT, "format": CONDITION_FORMAT},
        Path: _TEXT,
    }
    if kind in texts:
        return dict(texts[kind])
    raise NotImplementedError(f"options of the type {kind.__name__}")


def _close(schema: Schema) -> None:
    """Refuse unknown keys; fields with a default of their own type stay optional."""
    if "properties" in schema:
        schema.setdefault("additionalProperties", False)

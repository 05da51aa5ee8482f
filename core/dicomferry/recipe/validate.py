"""The checks of a document: its format version first, then the schema, all faults at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dicomferry.errors import ProblemsError
from dicomferry.model import Place, Problem
from dicomferry.recipe.annotations import CONDITION_FORMAT, REGEX_FORMAT, TEMPLATE_FORMAT
from dicomferry.recipe.explain import RecipeExplainer
from dicomferry.recipe.formats import format_checker
from dicomferry.recipe.params import Rendered, replace_at
from dicomferry.recipe.schema import FORMAT_VERSION, Schema
from dicomferry.recipe.yaml.document import Document, NodePath, Plain
from dicomferry.template import Templates

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_BRACED = frozenset({TEMPLATE_FORMAT, CONDITION_FORMAT, REGEX_FORMAT})
"""Formats whose text may hold two braces."""


def check_version(document: Document) -> None:
    """Raise `ProblemsError` unless this is a recipe of the format version read here.

    This check comes before all others: a newer format may differ in anything.
    """
    explain = RecipeExplainer(document)
    plain = document.plain
    if not isinstance(plain, dict):
        raise ProblemsError(
            [explain.problem("version", (), "a recipe is a mapping that begins with recipe: 1")]
        )
    if "recipe" not in plain:
        message = "the format version is missing"
        raise ProblemsError([explain.problem("version", (), message, "add the line recipe: 1")])
    version = plain["recipe"]
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT_VERSION:
        message = f"this recipe has format version {version}; here {FORMAT_VERSION} can be read"
        raise ProblemsError(
            [explain.problem("version", ("recipe",), message, "upgrade dicomferry")]
        )
    if type(version) is not int or version != FORMAT_VERSION:
        message = f"there is no format version {_as_written(document, version)}"
        raise ProblemsError([explain.problem("version", ("recipe",), message, "write recipe: 1")])


def _as_written(document: Document, version: object) -> str:
    source = document.source(("recipe",))
    return repr(version) if isinstance(version, str) or source is None else source


def check_schema(
    document: Document,
    rendered: Rendered,
    schema: Schema,
    templates: Templates,
    installable: Mapping[str, str] = MappingProxyType({}),
) -> list[Problem]:
    """Return everything in the rendered document that its schema refuses.

    A parameter is text. Where the schema needs a number or a truth value, this function replaces
    the text in `rendered` by it. `installable` has the command that installs each component which
    is not installed.
    """
    validator = _validator(schema, rendered.tree, templates)
    errors = list(validator.iter_errors(rendered.tree))
    coerced = [_coerce(error, rendered) for error in _leaves(errors)]
    if any(coerced):
        errors = list(validator.iter_errors(rendered.tree))
    return list(dict.fromkeys(RecipeExplainer(document, installable).problems(errors)))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems sorted by place."""
    nowhere = Place("", 0, 0)
    return sorted(problems, key=lambda problem: (problem.place or nowhere, problem.path))


def _validator(schema: Schema, tree: Plain, templates: Templates) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    servers = tree.get("servers") if isinstance(tree, dict) else None
    names = servers.keys() if isinstance(servers, dict) else ()
    kind: type[Validator] = extend(Draft202012Validator, {"type": _type})  # type: ignore[no-untyped-call]  # its stubs say so
    return kind(schema, format_checker=format_checker(templates, names))


def _type(
    validator: Validator, types: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Check `type` as JSON Schema does; also refuse a template where none is rendered."""
    from jsonschema.exceptions import ValidationError

    kinds = [types] if isinstance(types, str) else types
    if not any(validator.is_type(instance, kind) for kind in kinds):
        yield ValidationError("wrong type")
    elif isinstance(instance, str) and "{{" in instance and schema.get("format") not in _BRACED:
        yield ValidationError("a template where none is rendered", validator="static")


def _coerce(error: ValidationError, rendered: Rendered) -> bool:
    path: NodePath = tuple(error.absolute_path)
    if error.validator != "type" or path not in rendered.paths:
        return False
    if error.validator_value not in {"integer", "number", "boolean"}:
        return False
    try:
        value = json.loads(str(error.instance))
    except ValueError:
        return False
    if isinstance(value, bool) == (error.validator_value == "boolean"):
        replace_at(rendered.tree, path, value)
        return True
    return False


def _leaves(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    for error in errors:
        yield error
        yield from _leaves(error.context or ())

"""Turns the errors of a JSON Schema validator into problems with a place and a hint."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from dicomferry.model import Problem
from dicomferry.recipe.schema import REMOVED
from dicomferry.recipe.yaml.document import Document, NodePath, path_text
from dicomferry.recipe.yaml.scalars import describe
from dicomferry.template import suggestion

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_KINDS: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}

_BESIDE: Final = frozenset({"id", "when"})
_STEPS: Final = frozenset({"source", "transform", "sink", "server"})


class RecipeExplainer(Struct, frozen=True):
    """Turns the errors of one document into problems.

    `installable` has the command that installs each component which is not installed.
    """

    document: Document
    installable: Mapping[str, str] = field(default_factory=dict)

    def problems(self, errors: Iterable[ValidationError]) -> Iterator[Problem]:
        """Yield the problems of the errors; one error may make several."""
        for error in errors:
            yield from self._explain(error)

    def _explain(self, error: ValidationError) -> Iterator[Problem]:
        if _names_a_key(error):
            return self._name(error)
        match error.validator:
            case "type":
                return self._type(error)
            case "static":
                return self._static(error)
            case "additionalProperties":
                return self._unknown_key(error)
            case "required":
                return self._required(error)
            case "oneOf":
                return self._one_component(error)
            case "anyOf":
                return self._any_of(error)
            case "enum":
                return self._enum(error)
            case "format":
                return self._format(error)
            case _:
                return self._limit(error)

    def problem(
        self, code: str, path: NodePath, message: str, hint: str = "", *, at: NodePath | None = None
    ) -> Problem:
        """Return a problem at `path`; `at` is a key whose place is more precise."""
        place = self.document.place(path) if at is None else self.document.key_place(at)
        return Problem(code, message, path=path_text(path), place=place, hint=hint)

    def _type(self, error: ValidationError) -> Iterator[Problem]:
        wanted = _wanted(error)
        kinds = [wanted] if isinstance(wanted, str) else list(wanted)
        yield self._wrong_type(error, kinds)

    def _static(self, error: ValidationError) -> Iterator[Problem]:
        message = "there is no instance yet where this is used: only params can be named here"
        yield self.problem("template-here", _path(error), message)

    def _wrong_type(self, error: ValidationError, kinds: Iterable[str]) -> Problem:
        path = _path(error)
        value = error.instance
        source = self.document.source(path)
        kinds = [kind for kind in dict.fromkeys(kinds) if kind != "null"]
        needed = " or ".join(_KINDS[kind] for kind in kinds)
        if value is None:
            return self.problem("type", path, f"there is nothing here, and {needed} is needed")
        if "string" in kinds and isinstance(value, bool | int | float) and source is not None:
            if _schema(error).get("writeOnly"):
                return self.problem("value", path, "secrets are references, not plain text")
            message = f"YAML reads {source} as {describe(value)}, and {needed} is needed here"
            return self.problem("text-needed", path, message, f'quote it: "{source}"')
        return self.problem("type", path, f"{needed} is needed here, not {describe(value)}")

    def _unknown_key(self, error: ValidationError) -> Iterator[Problem]:
        schema = _schema(error)
        known = list(schema.get("properties", {}))
        path = _path(error)
        kind = str(schema.get("title", ""))
        for key in _value(error):
            if key in known:
                continue
            removed = schema.get(REMOVED, {})
            if key in removed:
                message = f"there is no option '{key}' any more"
                yield self.problem("unknown-key", path, message, removed[key], at=(*path, key))
                continue
            message = f"unknown key '{key}'"
            names = known
            if kind in _STEPS and not any(name in _value(error) for name in set(known) - _BESIDE):
                names = sorted(set(known) - _BESIDE)
                message = f"there is no {kind} '{key}'"
            hint = suggestion(key, names) or _listing(names)
            if kind in _STEPS and key in self.installable:
                message = f"the {kind} '{key}' is not installed"
                hint = self.installable[key]
            yield self.problem("unknown-key", path, message, hint, at=(*path, key))

    def _required(self, error: ValidationError) -> Iterator[Problem]:
        for key in _wanted(error):
            if key not in _value(error):
                yield self.problem("missing-key", _path(error), f"'{key}' is missing")

    def _one_component(self, error: ValidationError) -> Iterator[Problem]:
        schema = _schema(error)
        kind = schema.get("title")
        if kind not in _STEPS or not isinstance(error.instance, dict):
            return
        names = set(schema["properties"]) - _BESIDE
        present = [key for key in error.instance if key in names]
        path = _path(error)
        if len(present) > 1:
            message = f"one {kind} is needed here, not {len(present)}: {', '.join(present)}"
            yield self.problem("one-component", path, message, at=(*path, present[1]))
        elif set(error.instance) <= _BESIDE:
            message = f"no {kind} is named here"
            yield self.problem("one-component", path, message, _listing(sorted(names)))

    def _any_of(self, error: ValidationError) -> Iterator[Problem]:
        branches: dict[int, list[ValidationError]] = {}
        for below in error.context or ():
            branches.setdefault(int(below.schema_path[0]), []).append(below)
        for errors in branches.values():
            wrong_type = any(e.validator == "type" and not e.relative_path for e in errors)
            if not wrong_type:
                yield from self.problems(errors)
                return
        kinds = [
            str(_wanted(e)) for errors in branches.values() for e in errors if e.validator == "type"
        ]
        yield self._wrong_type(error, kinds)

    def _enum(self, error: ValidationError) -> Iterator[Problem]:
        allowed = [str(value) for value in _wanted(error)]
        value = str(error.instance)
        hint = suggestion(value, allowed) or _listing(allowed)
        if isinstance(error.instance, float):
            # YAML reads 1.10 as the number 1.1
            hint = (
                f"a number in YAML: write it in quotes; {_listing([repr(one) for one in allowed])}"
            )
        yield self.problem("value", _path(error), f"'{value}' is not known here", hint)

    def _format(self, error: ValidationError) -> Iterator[Problem]:
        yield self.problem("value", _path(error), str(error.cause or error.message))

    def _name(self, error: ValidationError) -> Iterator[Problem]:
        path = _path(error)
        message = str(error.cause or f"'{error.instance}' cannot be a name here")
        yield self.problem("name", path, message, at=(*path, str(error.instance)))

    def _limit(self, error: ValidationError) -> Iterator[Problem]:
        limit = _wanted(error)
        words = {
            "minimum": f"{error.instance} is less than {limit}",
            "maximum": f"{error.instance} is more than {limit}",
            "exclusiveMinimum": f"{error.instance} must be more than {limit}",
            "minLength": "the text is empty" if limit == 1 else f"shorter than {limit} characters",
            "maxLength": f"the text is longer than {limit} characters",
            "minItems": "the list is empty" if limit == 1 else f"fewer than {limit} are here",
            "pattern": "this text does not have the form that is needed here",
            "uniqueItems": "something is here twice",
            "const": f"{limit} is needed here",
        }
        hint = str(_schema(error).get("description", "")) if error.validator == "pattern" else ""
        message = words.get(str(error.validator), error.message)
        yield self.problem("value", _path(error), message, hint)


def _path(error: ValidationError) -> NodePath:
    return tuple(error.absolute_path)


def _wanted(error: ValidationError) -> Any:
    return error.validator_value


def _value(error: ValidationError) -> Any:
    return error.instance


def _schema(error: ValidationError) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


def _names_a_key(error: ValidationError) -> bool:
    steps = list(error.schema_path)
    return len(steps) > 1 and steps[-2] == "propertyNames"


def _listing(names: Collection[str]) -> str:
    return f"known: {', '.join(names)}" if names else "none is installed"

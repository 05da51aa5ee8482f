"""The sandbox that compiles templates: Jinja without loops, long texts and objects."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from jinja2 import StrictUndefined, TemplateAssertionError, TemplateError as JinjaError, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dicomferry.template import filters
from dicomferry.template.program import Names, Program
from dicomferry.template.vocabulary import (
    DESTINATION_NAMES,
    MAPPING_NAMES,
    check_keywords,
    with_suggestion,
)

if TYPE_CHECKING:
    from dicomferry.dicom.tags import ElementPattern

_FILTERS: Final = (
    "abs", "capitalize", "d", "default", "first", "last", "length", "lower", "string", "title",
    "trim", "upper",
)  # fmt: skip

_TEXT_METHODS: Final = frozenset({
    "capitalize", "casefold", "count", "endswith", "find", "isalnum", "isalpha", "isdigit",
    "lower", "lstrip", "partition", "removeprefix", "removesuffix", "rpartition", "rsplit",
    "rstrip", "split", "startswith", "strip", "swapcase", "title", "upper",
})  # fmt: skip


class _Missing(StrictUndefined):
    """A missing name; any use of it raises an error with that name."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name = self._undefined_name
        if isinstance(self._undefined_obj, Names):
            label = self._undefined_obj.label
            plain = isinstance(name, str) and name.isidentifier()
            return f"{label}.{name} is missing" if plain else f"{label}[{name!r}] is missing"
        if name in DESTINATION_NAMES:
            return f"{name} is not known here"
        return self._undefined_hint or f"{name} is missing"


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        # `row.items` must mean the column "items", not a method of a mapping.
        return (
            self.getitem(obj, attribute)
            if isinstance(obj, Names)
            else super().getattr(obj, attribute)
        )

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Names):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002 - Jinja's
        return isinstance(obj, str) and attr in _TEXT_METHODS

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str):
            return filters.format_text(left, right)
        if operator == "**" or not (_is_number(left) and _is_number(right)):
            raise SecurityError(f"'{operator}' is for small numbers only")
        return super().call_binop(context, operator, left, right)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


class Sandbox:
    """Compiles templates and conditions for one set of `params`."""

    def __init__(self, params: Mapping[str, object]) -> None:
        self._params = params
        env = _Environment(undefined=_Missing, keep_trailing_newline=True, finalize=filters.shown)
        env.globals = {}
        own = {
            "float": filters.number,
            "format": filters.format_filter,
            "int": filters.whole_number,
            "join": filters.join,
            "replace": filters.replace,
            "round": filters.rounded,
        }
        env.filters = {name: FILTERS[name] for name in _FILTERS} | own
        self._env = env

    def template(self, text: str) -> Program:
        """Compile a text with `{{ … }}` in it; raises `ValueError`."""
        with self._as_value_error("template"):
            tree = self._env.parse(text)
            return self._program(tree, self._env.from_string(tree).render)

    def condition(self, text: str) -> Program:
        """Compile an expression without braces; raises `ValueError`."""
        if not text.strip():
            raise ValueError("the condition is empty")
        if "{{" in text or "{%" in text:
            raise ValueError("a condition is a bare expression, without {{ }}")
        with self._as_value_error("condition"):
            tree = self._env.parse("{{ (" + text + "\n) }}")
            compiled = self._env.compile_expression(text, undefined_to_none=False)
            return self._program(tree, lambda context: bool(compiled(context)))

    @contextmanager
    def _as_value_error(self, what: str) -> Iterator[None]:
        try:
            yield
        except JinjaError as error:
            raise ValueError(self._explain(error, what)) from error
        except (MemoryError, RecursionError, SyntaxError) as error:
            # Python's compiler raises one of these for deep nesting.
            raise ValueError(f"the {what} is nested too deep") from error

    def _program(
        self, tree: nodes.Template, evaluate: Callable[[dict[str, object]], object]
    ) -> Program:
        kinds = {type(statement) for statement in tree.find_all(nodes.Stmt)}
        if refused := kinds - {nodes.Output, nodes.If}:
            word = min(kind.__name__.lower() for kind in refused)
            raise ValueError(f"'{word}' is not allowed in a template")
        names = frozenset(find_undeclared_variables(tree))
        self._check_names(names | {name.name for name in tree.find_all(nodes.Name)})
        _check_attributes(tree)
        _check_numbers(tree)
        self._check_params(tree)
        return Program(evaluate, names, dict(_tags(tree)), self._missing_tag)

    def _check_names(self, names: frozenset[str]) -> None:
        unknown = names - DESTINATION_NAMES - MAPPING_NAMES - {"tag"}
        if unknown:
            check_keywords(sorted(unknown))

    def _check_params(self, tree: nodes.Template) -> None:
        for name in _members(tree, "params"):
            if name not in self._params:
                message = f"params.{name} is not declared"
                raise ValueError(with_suggestion(message, name, self._params))

    def _missing_tag(self, text: str) -> object:
        return self._env.undefined(hint=f"tag({text!r}) is missing")

    def _explain(self, error: JinjaError, what: str) -> str:
        message = str(error.message).rstrip(".")
        named = re.fullmatch(r"No (filter|test) named '(\w+)'", message)
        if isinstance(error, TemplateAssertionError) and named:
            known = self._env.filters if named[1] == "filter" else self._env.tests
            return with_suggestion(f"there is no {named[1]} '{named[2]}'", named[2], known)
        return f"this is not a {what}: {message}"


def _check_attributes(tree: nodes.Template) -> None:
    for attribute in tree.find_all(nodes.Getattr):
        group = isinstance(attribute.node, nodes.Name) and attribute.node.name in MAPPING_NAMES
        if not group and attribute.attr not in _TEXT_METHODS:
            raise ValueError(f"'.{attribute.attr}' is not allowed in a template")


def _check_numbers(tree: nodes.Template) -> None:
    for number in tree.find_all(nodes.Const):
        if isinstance(number.value, float) and math.isinf(number.value):
            raise ValueError("a number in a template is too large")


def _members(tree: nodes.Template, group: str) -> Iterator[str]:
    for attribute in tree.find_all(nodes.Getattr):
        if isinstance(attribute.node, nodes.Name) and attribute.node.name == group:
            yield attribute.attr
    for item in tree.find_all(nodes.Getitem):
        if isinstance(item.node, nodes.Name) and item.node.name == group:
            if not isinstance(item.arg, nodes.Const):
                raise ValueError(f"{group}[…] needs a quoted name")
            yield str(item.arg.value)


def _tags(tree: nodes.Template) -> Iterator[tuple[str, ElementPattern]]:
    from dicomferry.dicom.tags import parse_pattern

    calls = [call for call in tree.find_all(nodes.Call) if _is_tag(call.node)]
    if len(calls) != sum(_is_tag(name) for name in tree.find_all(nodes.Name)):
        raise ValueError("tag needs an element: tag('0019,1010')")
    for call in calls:
        match call.args:
            case [nodes.Const(value=str(text))] if not call.kwargs:
                plain = re.fullmatch(r"[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}", text)
                yield text, parse_pattern(f"({text})" if plain else text)
            case _:
                raise ValueError("tag needs one quoted element: tag('0019,1010')")


def _is_tag(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "tag"

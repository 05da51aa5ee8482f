"""A recipe's `params`: their values, and the rendering of what needs nothing but them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dicomferry.errors import FerryError
from dicomferry.model import Problem
from dicomferry.recipe.document import Document, NodePath, Plain, path_text
from dicomferry.recipe.scalars import describe
from dicomferry.template import Templates, suggestion

_SECTION = "params"


@dataclass(frozen=True, slots=True)
class Params:
    """The values of one run, all text, and what was wrong with the declarations."""

    values: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


def read_params(document: Document, overrides: Mapping[str, str]) -> Params:
    """Return the value of every declared parameter: its override, else its default.

    Declarations of the wrong shape are the schema's to report. Raises `FerryError` for an override
    that cannot be used.
    """
    plain = document.plain
    declared = plain.get(_SECTION) if isinstance(plain, dict) else None
    declarations = declared if isinstance(declared, dict) else {}
    _check_overrides(overrides, declarations)
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for name, declaration in declarations.items():
        if name in overrides:
            values[name] = overrides[name]
        elif isinstance(declaration, dict):
            path: NodePath = (_SECTION, name)
            value = _default(document, path, declaration)
            values[name] = "" if isinstance(value, Problem) else value
            problems.extend([value] if isinstance(value, Problem) else [])
    return Params(values, tuple(problems))


def _check_overrides(overrides: Mapping[str, str], declared: Mapping[str, object]) -> None:
    for name, value in overrides.items():
        if name not in declared:
            known = f"it declares {', '.join(declared)}" if declared else "it declares none"
            hint = suggestion(name, declared) or known
            raise FerryError(f"--set {name}: the recipe declares no such parameter", hint=hint)
        if "{{" in value or "{%" in value:
            raise FerryError(f"--set {name}: a parameter's value cannot be a template itself")


def _default(document: Document, path: NodePath, declaration: Mapping[str, Plain]) -> str | Problem:
    text = path_text(path)
    if "default" not in declaration:
        message = "this parameter has no default, and this run gives it no value"
        hint = f"--set {path[-1]}=VALUE"
        return Problem("params-missing", message, path=text, place=document.place(path), hint=hint)
    value = declaration["default"]
    where = (*path, "default")
    source = document.source(where)
    if isinstance(value, str):
        return value
    if source is not None and str(value) == source:
        return source
    message = f"YAML reads {source} as {describe(value)}, and a parameter is text"
    place, hint = document.place(where), f'quote it: "{source}"'
    return Problem("text-needed", message, path=path_text(where), place=place, hint=hint)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A recipe's tree with its static templates rendered; `paths` says which texts were."""

    tree: Plain
    paths: frozenset[NodePath] = field(default_factory=frozenset)


def render_static(document: Document, templates: Templates) -> Rendered:
    """Render every text outside `params` that needs nothing but `params`.

    What needs an instance stays as it is; what is no template at all is left for the schema, which
    knows whether a template may stand there.
    """
    paths: set[NodePath] = set()
    tree = document.plain
    for path, text in list(_texts(tree, ())):
        if "{{" not in text or path[0] == _SECTION:
            continue
        try:
            rendered = templates.static(text)
        except ValueError:
            continue
        if rendered is not None:
            paths.add(path)
            replace_at(tree, path, rendered)
    return Rendered(tree, frozenset(paths))


def replace_at(tree: Plain, path: NodePath, value: Plain) -> None:
    """Put a value at a path that exists, in place."""
    holder: Plain = tree
    for key in path[:-1]:
        holder = _below(holder, key)
    if isinstance(holder, dict):
        holder[str(path[-1])] = value
    elif isinstance(holder, list):
        holder[int(path[-1])] = value


def _below(holder: Plain, key: str | int) -> Plain:
    if isinstance(holder, dict):
        return holder[str(key)]
    return holder[int(key)] if isinstance(holder, list) else None


def _texts(tree: Plain, path: NodePath) -> Iterator[tuple[NodePath, str]]:
    match tree:
        case str():
            yield path, tree
        case dict():
            for key, value in tree.items():
                yield from _texts(value, (*path, key))
        case list():
            for index, value in enumerate(tree):
                yield from _texts(value, (*path, index))

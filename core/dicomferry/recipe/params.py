"""A recipe's `params`: their values, and the rendering of templates that read only them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field

from dicomferry.model import Place, Problem
from dicomferry.recipe.settings import ParamSettings
from dicomferry.recipe.typed import Typed, choices_of, kind_of, typed
from dicomferry.recipe.yaml.document import Document, NodePath, Plain, path_text
from dicomferry.recipe.yaml.scalars import describe
from dicomferry.template import Templates

_SECTION: Final = "params"


class Params(Struct, frozen=True):
    """The values of one run by name: as text, and `typed` as templates see them.

    `origins` says where each value comes from: a place in a file, `--set` or the environment.
    """

    values: Mapping[str, str]
    problems: tuple[Problem, ...] = ()
    typed: Mapping[str, Typed] = {}
    origins: Mapping[str, str] = {}


def read_params(
    document: Document,
    overrides: Mapping[str, str],
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Params:
    """Return the value of every declared parameter: that of `overrides`, `environment`, or default.

    `environment` may name parameters that the recipe does not declare; `overrides` may not: it
    raises `FerryError`. The schema reports declarations of the wrong shape, not this function.
    """
    plain = document.plain
    declared = plain.get(_SECTION) if isinstance(plain, dict) else None
    declarations = declared if isinstance(declared, dict) else {}
    settings = ParamSettings.of(overrides)
    settings.check(declarations)
    reader = _ParamReader(document, settings, ParamSettings.of_environment(environment))
    for name, declaration in declarations.items():
        reader.read(name, declaration)
    return Params(reader.values, tuple(reader.problems), reader.typed, reader.origins)


class _ParamReader:
    def __init__(
        self, document: Document, settings: ParamSettings, environment: ParamSettings
    ) -> None:
        self._document = document
        self._given = (settings, environment)
        self.values: dict[str, str] = {}
        self.typed: dict[str, Typed] = {}
        self.origins: dict[str, str] = {}
        self.problems: list[Problem] = []

    def read(self, name: str, declaration: Plain) -> None:
        path: NodePath = (_SECTION, name)
        body = declaration if isinstance(declaration, dict) else {}
        for settings in self._given:
            if name in settings:
                self._take(name, body, settings[name], path, settings.origin(name))
                return
        if isinstance(declaration, dict):
            value = _default(self._document, path, declaration)
            where = (*path, "default") if "default" in declaration else path
            if isinstance(value, Problem):
                self.values[name] = self.typed[name] = ""
                self.origins[name] = str(self._document.place(where))
                self.problems.append(value)
            else:
                self._take(name, body, value, where, "")

    def _take(
        self, name: str, body: Mapping[str, Plain], value: str, path: NodePath, origin: str
    ) -> None:
        """Keep a value; a default has no `origin` but the place of its path."""
        place: Place | None = None if origin else self._document.place(path)
        self.values[name] = self.typed[name] = value
        self.origins[name] = origin or str(place)
        try:
            self.typed[name] = typed(value, kind_of(body), choices_of(body))
        except ValueError as error:
            message = f"{origin}: {error}" if origin else str(error)
            where = place or self._document.place((_SECTION, name))
            self.problems.append(Problem("value", message, path=path_text(path), place=where))


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
    if isinstance(value, bool) and kind_of(declaration) == "boolean":
        return str(value).lower()
    if source is not None and str(value) == source:
        return source
    message = f"YAML reads {source} as {describe(value)}, and a parameter is text"
    place, hint = document.place(where), f'quote it: "{source}"'
    return Problem("text-needed", message, path=path_text(where), place=place, hint=hint)


class Rendered(Struct, frozen=True):
    """A recipe's tree with its static templates rendered; `paths` says which texts were."""

    tree: Plain
    paths: frozenset[NodePath] = field(default_factory=frozenset)


def render_static(document: Document, templates: Templates) -> Rendered:
    """Render every template outside `params` that reads `params` only.

    A template that reads an instance stays a template. A faulty one stays, too: the schema reports
    it, and knows where no template is allowed.
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
    """Replace the value at a path that exists."""
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

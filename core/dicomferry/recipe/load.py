"""Loads a recipe: read, fill in params, check, convert; all faults at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import msgspec

from dicomferry.contract.component import AnyComponent
from dicomferry.errors import FerryError, ProblemsError
from dicomferry.model import Place, Problem
from dicomferry.recipe.components import Components
from dicomferry.recipe.convert import Converter
from dicomferry.recipe.explain import RecipeExplainer
from dicomferry.recipe.layers import read_layers
from dicomferry.recipe.params import Rendered, read_params, render_static
from dicomferry.recipe.recipe import Recipe, Step
from dicomferry.recipe.schema import identification_schema, recipe_schema
from dicomferry.recipe.servers import DEFAULT_IDENTIFIER, IdentifiedBy, XnatServer
from dicomferry.recipe.steps import BESIDE, free_id
from dicomferry.recipe.validate import check_schema, in_order
from dicomferry.recipe.yaml.document import Document, Node, NodePath, Plain, path_text
from dicomferry.recipe.yaml.reading import read_document
from dicomferry.template import Templates


def load_recipe(
    path: Path,
    components: Components,
    overrides: Mapping[str, str],
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Recipe:
    """Load a recipe for one run, with `overrides` of its params and those that `environment` has.

    Raises `ProblemsError` with every fault there is, by place; `FerryError` for a file that cannot
    be read and for an override of an unknown parameter.
    """
    document = read_layers(path)
    params = read_params(document, overrides, environment)
    templates = Templates(params.typed)
    rendered = render_static(document, templates)
    schema = recipe_schema(components, {*_names_in(rendered.tree), DEFAULT_IDENTIFIER})
    problems = [
        *params.problems,
        *check_schema(document, rendered, schema, templates, components.installable),
    ]
    _stop_for(problems)
    return _Loader(document, components, templates).recipe(rendered, params.values)


def load_identification(
    path: Path, components: Components
) -> tuple[IdentifiedBy, tuple[Problem, ...]]:
    """Load a file that holds one `identification:` mapping; raises as `load_recipe` does.

    The second value has the faults of the rules. An XNAT can have faulty rules, and refuses or
    misfiles instances because of them: the forecast says so, and is made all the same.
    """
    document = read_document(path)
    templates = Templates({})
    rendered = Rendered(document.plain)
    _stop_for(check_schema(document, rendered, identification_schema(components), templates))
    loader = _Loader(document, components, templates)
    tree = cast("dict[str, Any]", rendered.tree)
    identification = loader.identification(tree["identification"], ("identification",))
    _stop_for(loader.converter.problems)
    if identification is None:
        raise FerryError("no component offers an identifier")
    return identification, tuple(in_order(loader.converter.faults))


def _names_in(tree: Plain) -> set[str]:
    """Return every key and every text of a document; the names of its components are among them."""
    match tree:
        case str():
            return {tree}
        case dict():
            return set(tree).union(*map(_names_in, tree.values()))
        case list():
            return set().union(*map(_names_in, tree))
        case _:
            return set()


def _stop_for(problems: list[Problem]) -> None:
    if problems:
        raise ProblemsError(in_order(problems))


class _Loader:
    """Builds the values of one document that its schema accepted."""

    def __init__(self, document: Document, components: Components, templates: Templates) -> None:
        self.converter = Converter(RecipeExplainer(document), templates)
        self._document = document
        self._components = components

    def recipe(self, rendered: Rendered, params: Mapping[str, str]) -> Recipe:
        tree = cast("dict[str, Any]", rendered.tree)
        servers = dict(self._servers(tree.get("servers", {})))
        steps = {
            section: self._steps(section, tree.get(section, []), offered)
            for section, offered in self._components.by_section().items()
        }
        self._check_ids(tree)
        _stop_for([*self.converter.problems, *self.converter.faults])
        return Recipe(
            file=self._document.file,
            folder=self._document.file.parent,
            name=tree["name"],
            description=tree.get("description", ""),
            params=params,
            servers=servers,
            sources=steps["sources"],
            transforms=steps["transforms"],
            sinks=steps["sinks"],
            allow=frozenset(tree.get("allow", ())),
            tests=tuple(tree.get("tests", ())),
            digest=_digest(tree, params),
            places=dict(_places(self._document)),
        )

    def identification(self, plain: Mapping[str, Any], path: NodePath) -> IdentifiedBy | None:
        """Return how a server identifies; None where its identifier is not installed."""
        name = str(plain.get("identifier", DEFAULT_IDENTIFIER))
        component = self._components.identifiers.get(name)
        if component is None:
            return None
        own = {key: value for key, value in plain.items() if key != "identifier"}
        options = self.converter.options(component.options, own, path)
        return IdentifiedBy(name, options)

    def _servers(self, plain: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
        kinds = self._components.server_kinds()
        for name, body in plain.items():
            ((kind, options),) = body.items()
            path = ("servers", name, kind)
            server = self.converter.options(kinds[kind].options, options, path)
            if isinstance(server, XnatServer):
                below = (*path, "identification")
                identification = self.identification(server.identification or {}, below)
                yield name, msgspec.structs.replace(server, identification=identification)
            elif server is not None:
                yield name, server

    def _steps(
        self, section: str, plain: list[dict[str, Any]], offered: Mapping[str, AnyComponent]
    ) -> tuple[Step, ...]:
        taken = {str(item["id"]) for item in plain if "id" in item}
        steps = []
        for index, item in enumerate(plain):
            (name,) = item.keys() - BESIDE
            path: NodePath = (section, index)
            options = self.converter.options(offered[name].options, item[name], (*path, name))
            when = self.converter.templates.condition(item["when"]) if "when" in item else None
            step_id = str(item["id"]) if "id" in item else free_id(name, taken)
            taken.add(step_id)
            kind = section.removesuffix("s")
            place = self._document.place((*path, name))
            steps.append(Step(kind, name, options, step_id, when, path_text(path), place))
        return tuple(steps)

    def _check_ids(self, tree: Mapping[str, Any]) -> None:
        first: dict[str, str] = {}
        for section in self._components.by_section():
            for index, item in enumerate(tree.get(section, [])):
                path: NodePath = (section, index, "id")
                step_id = item.get("id")
                if step_id in first:
                    self.converter.add(path, f"the id '{step_id}' is taken by {first[step_id]}")
                elif step_id is not None:
                    first[step_id] = path_text(path[:-1])


def _digest(tree: Mapping[str, Any], params: Mapping[str, str]) -> str:
    """Return a digest of what decides the work; descriptions and tests do not."""
    deciding = {key: tree.get(key) for key in ("servers", "sources", "transforms", "sinks")}
    whole = {"recipe": tree["recipe"], "name": tree["name"], "params": dict(params), **deciding}
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _places(document: Document) -> Iterator[tuple[str, Place]]:
    for path in _paths(document.root, ()):
        yield path_text(path), document.place(path)


def _paths(node: Node, path: NodePath) -> Iterator[NodePath]:
    yield path
    match node.value:
        case Mapping() as mapping:
            for key, below in mapping.items():
                yield from _paths(below, (*path, key))
        case tuple() as items:
            for index, below in enumerate(items):
                yield from _paths(below, (*path, index))
        case _:
            return

"""Recipes that extend others: several files become one document; each value keeps its place.

The rules: mappings are merged key by key, and `~` deletes a key; lists of steps are merged by
`id`; any other value of the layer replaces the base's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

from msgspec.structs import replace

from dicomferry.errors import FerryError, ProblemsError
from dicomferry.model import Problem
from dicomferry.recipe.steps import SECTIONS, StepMerge, without
from dicomferry.recipe.validate import check_version
from dicomferry.recipe.yaml.document import Document, Node, NodePath, path_text
from dicomferry.recipe.yaml.reading import read_document

EXTENDS: Final = "extends"
MAX_LAYERS: Final = 8

_OWN: Final = ("recipe", "name", "description", "tests")
"""The keys that a recipe does not inherit: they describe and test the base itself."""


def read_layers(path: Path) -> Document:
    """Read a recipe and the recipes that it extends.

    Raises `ProblemsError`, with a place, for a layer that cannot be read or merged, for a circle
    and for more than `MAX_LAYERS` files; `FerryError` when the first file cannot be opened.
    """
    return _read(path, ())


def _read(path: Path, above: tuple[Path, ...]) -> Document:
    document = read_document(path)
    check_version(document)
    base = _base_of(document)
    if base is None:
        return document
    here = (*above, path.resolve())
    if base.resolve() in here:
        _refuse(document, (EXTENDS,), "the recipes extend one another in a circle")
    if len(here) == MAX_LAYERS:
        _refuse(document, (EXTENDS,), f"more than {MAX_LAYERS} recipes extend one another")
    try:
        below = _read(base, here)
    except ProblemsError:
        raise
    except FerryError as error:
        _refuse(document, (EXTENDS,), error.message)
    return Document(document.file, merge(below, document))


def _base_of(document: Document) -> Path | None:
    node = document.root.child(EXTENDS)
    if node is None:
        return None
    if not isinstance(node.value, str) or not node.value.strip():
        _refuse(document, (EXTENDS,), "the name of one recipe is needed here")
    return document.file.parent / node.value


def merge(base: Document, layer: Document) -> Node:
    """Return the base with the layer merged into it, without the key `extends`."""
    inherited = without(base.root, (*_OWN, EXTENDS))
    own = without(layer.root, (EXTENDS,))
    merged = _Merge(layer).mapping(inherited, own, ())
    first = {name: _children(merged)[name] for name in _OWN[:3] if name in _children(merged)}
    return replace(merged, value={**first, **_children(merged)})


class _Merge:
    def __init__(self, layer: Document) -> None:
        self._layer = layer

    def node(self, base: Node, layer: Node, path: NodePath) -> Node:
        if isinstance(base.value, Mapping) and isinstance(layer.value, Mapping):
            return self.mapping(base, layer, path)
        steps = len(path) == 1 and path[0] in SECTIONS
        if steps and isinstance(base.value, tuple) and isinstance(layer.value, tuple):
            merged = StepMerge(self._layer, path, self.node).items(base.value, layer.value)
            return _sized(replace(layer, value=merged))
        return layer

    def mapping(self, base: Node, layer: Node, path: NodePath) -> Node:
        values = dict(_children(base))
        keys = dict(base.keys or {})
        for key, node in _children(layer).items():
            if node.value is None and key in values:
                del values[key], keys[key]
                continue
            below = (*path, key)
            if key in values:
                values[key] = self.node(values[key], node, below)
            else:
                alone = len(below) == 1 and key in SECTIONS and isinstance(node.value, tuple)
                # A list of steps may have markers, even where the base has no such list.
                values[key] = self.node(replace(node, value=()), node, below) if alone else node
            keys[key] = (layer.keys or {})[key]
        return _sized(replace(layer, value=values, keys=keys))


def _children(node: Node) -> Mapping[str, Node]:
    return node.value if isinstance(node.value, Mapping) else {}


def _sized(node: Node) -> Node:
    """Return a node with its size and height counted again."""
    match node.value:
        case Mapping() as mapping:
            below, keys = tuple(mapping.values()), len(mapping)
        case tuple() as items:
            below, keys = items, 0
        case _:
            return node
    size = 1 + keys + sum(child.size for child in below)
    return replace(node, size=size, height=1 + max((n.height for n in below), default=0))


def _refuse(document: Document, path: NodePath, message: str) -> NoReturn:
    place = document.place(path)
    raise ProblemsError([Problem("extends", message, path=path_text(path), place=place)])

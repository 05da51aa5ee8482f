"""The effective recipe: layers merged, parameters filled in, each value with its origin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from dicomferry.model import Place
from dicomferry.recipe.layers import read_layers
from dicomferry.recipe.params import Params, read_params, render_static
from dicomferry.recipe.secrets import is_reference, sounds_secret
from dicomferry.recipe.yaml.document import Document, Node, NodePath, Plain, path_text
from dicomferry.recipe.yaml.scalars import Scalar
from dicomferry.template import Templates

MASK: Final = "********"

_PARAM: Final = re.compile(r"params(?:\.(\w+)|\[\s*['\"]([^'\"]+))")


class EffectiveLine(Struct, frozen=True):
    """One value, or a key or list item with values below it; `holds` then says which kind.

    `origin` is the value's file and line, `--set NAME` or `$DICOMFERRY_PARAM_NAME`. `template` is
    the text before parameters were filled in; empty for a value without parameters.
    """

    path: NodePath
    value: Scalar
    origin: str
    place: Place | None
    template: str = ""
    holds: str = ""

    @property
    def name(self) -> str:
        """The path as recipes write it."""
        return path_text(self.path)


class Effective(Struct, frozen=True):
    """A recipe's document, its parameters, and the tree of values with them filled in."""

    document: Document
    params: Params
    tree: Plain

    def lines(self) -> Iterator[EffectiveLine]:
        """Yield every value in the order of the recipe; a possible secret is masked."""
        yield from self._lines(self.document.root, self.tree, ())

    def values(self) -> dict[NodePath, Scalar]:
        """Return every value outside `params` by its path, masked as in `lines`."""
        return {
            line.path: line.value
            for line in self.lines()
            if not line.holds and line.path[0] != "params"
        }

    def _lines(self, node: Node, plain: Plain, path: NodePath) -> Iterator[EffectiveLine]:
        if len(path) == 2 and path[0] == "params":
            yield self._param(str(path[1]))
            return
        place = self.document.place(path)
        match node.value, plain:
            case Mapping() as mapping, dict() as below:
                yield from self._head(path, place, "mapping" if mapping else "{}")
                for key, child in mapping.items():
                    yield from self._lines(child, below[key], (*path, key))
            case tuple() as items, list() as below:
                yield from self._head(path, place, "list" if items else "[]")
                for index, child in enumerate(items):
                    yield from self._lines(child, below[index], (*path, index))
            case _:
                yield self._value(node, plain, path, place)

    def _head(self, path: NodePath, place: Place, holds: str) -> Iterator[EffectiveLine]:
        if path:
            yield EffectiveLine(path, None, _where(place), place, holds=holds)

    def _value(self, node: Node, plain: Plain, path: NodePath, place: Place) -> EffectiveLine:
        value = plain if not isinstance(plain, dict | list) else None
        source = node.value if isinstance(node.value, str) else ""
        template = source if source != value else ""
        named = [one or other for one, other in _PARAM.findall(source)]
        # The name of a list's items is the key above the list.
        keys = [key for key in path if isinstance(key, str)][-1:]
        hidden = any(sounds_secret(name) for name in (*keys, *(named if template else ())))
        if hidden and isinstance(value, str) and value and not is_reference(value):
            return EffectiveLine(path, MASK, _where(place), place, template)
        return EffectiveLine(path, value, _where(place), place, template)

    def _param(self, name: str) -> EffectiveLine:
        path: NodePath = ("params", name)
        value = self.params.values.get(name, "")
        hidden = sounds_secret(name) and value and not is_reference(value)
        origin = self.params.origins.get(name, "")
        place = self.document.place(path)
        if origin == str(self.document.place((*path, "default"))):
            origin = _where(self.document.place((*path, "default")))
        return EffectiveLine(path, MASK if hidden else value, origin, place)


def read_effective(
    path: Path, overrides: Mapping[str, str], environment: Mapping[str, str]
) -> Effective:
    """Read a recipe, valid or not, and merge its layers and parameters.

    Raises `ProblemsError` for bad YAML and for layers that cannot be merged; `FerryError` for an
    override of an undeclared parameter.
    """
    document = read_layers(path)
    params = read_params(document, overrides, environment)
    return Effective(document, params, render_static(document, Templates(params.typed)).tree)


def _where(place: Place) -> str:
    return f"{place.file}:{place.line}"

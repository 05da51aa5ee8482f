"""A YAML document; each of its nodes knows its line and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from dicomferry.model import Place
from dicomferry.recipe.yaml.scalars import Scalar

NodePath = tuple[str | int, ...]
"""A path to a node: keys of mappings and positions in lists: `("sources", 0, "folder")`."""

Plain = dict[str, "Plain"] | list["Plain"] | Scalar


class Node(Struct, frozen=True):
    """One value of the document.

    `source` is a scalar's text in the file; `keys` are the places of a mapping's keys. `size`
    counts this node and those below it, with aliases written out; `height` counts the levels.
    """

    value: Mapping[str, Node] | tuple[Node, ...] | Scalar
    place: Place
    source: str | None = None
    keys: Mapping[str, Place] | None = None
    size: int = 1
    height: int = 1

    def child(self, key: str | int) -> Node | None:
        """Return the node below `key`; None when there is none."""
        match self.value, key:
            case Mapping() as mapping, str():
                return mapping.get(key)
            case tuple() as items, int():
                return items[key] if 0 <= key < len(items) else None
            case _:
                return None

    def plain(self) -> Plain:
        """Return the value as new dicts, lists and scalars."""
        match self.value:
            case Mapping() as mapping:
                return {key: node.plain() for key, node in mapping.items()}
            case tuple() as items:
                return [node.plain() for node in items]
            case scalar:
                return scalar


class Document(Struct, frozen=True):
    """A YAML file and its root node."""

    file: Path
    root: Node

    @property
    def plain(self) -> Plain:
        """Return the document as dicts, lists and scalars."""
        return self.root.plain()

    def place(self, path: NodePath) -> Place:
        """Return the place of the value at `path`, or of its nearest ancestor where it is missing.

        A mapping or list below a key has the place of that key.
        """
        place = self.root.place
        for parent, node, key in self._steps(path):
            scalar = not isinstance(node.value, Mapping | tuple)
            place = node.place if scalar or parent.keys is None else parent.keys[str(key)]
        return place

    def key_place(self, path: NodePath) -> Place:
        """Return the place of the last key of `path`; its nearest ancestor's if it is missing."""
        place = self.root.place
        for parent, node, key in self._steps(path):
            place = parent.keys[str(key)] if parent.keys is not None else node.place
        return place

    def source(self, path: NodePath) -> str | None:
        """Return the file's text of the scalar at `path`; None for anything else."""
        node = self.root
        for key in path:
            below = node.child(key)
            if below is None:
                return None
            node = below
        return node.source

    def _steps(self, path: NodePath) -> Iterator[tuple[Node, Node, str | int]]:
        node = self.root
        for key in path:
            below = node.child(key)
            if below is None:
                return
            yield node, below, key
            node = below


def path_text(path: NodePath) -> str:
    """Return a path as people write it: `transforms[0].remap.set`."""
    parts = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in path]
    return "".join(parts).removeprefix(".")

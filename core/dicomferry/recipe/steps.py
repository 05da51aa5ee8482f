"""Merges the lists of steps of two layers by `id`; markers remove, replace and move a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.errors import ProblemsError
from dicomferry.model import Problem
from dicomferry.recipe.yaml.document import Document, Node, NodePath, path_text
from dicomferry.template import suggestion

SECTIONS: Final = ("sources", "transforms", "sinks")
BESIDE: Final = frozenset({"id", "when"})
"""The keys beside a component's name in a step of any recipe."""

MARKERS: Final = ("remove", "replace", "before", "after")
"""More such keys in a recipe that extends another."""

MergeNodes = Callable[[Node, Node, NodePath], Node]


def free_id(name: str, taken: set[str]) -> str:
    """Return the id of a step that has none: its component's name, or `name-2`."""
    number = 1
    candidate = name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


class StepMerge(Struct, frozen=True):
    """Merges one section; `merge` merges the options of one component."""

    layer: Document
    section: NodePath
    merge: MergeNodes

    def items(self, base: Sequence[Node], layer: Sequence[Node]) -> tuple[Node, ...]:
        """Return the steps of both: the base's in their order, then those that the layer adds."""
        names = _names(base)
        steps = list(base)
        for index, item in enumerate(layer):
            path = (*self.section, index)
            if not isinstance(item.value, Mapping):
                steps.append(item)
                names.append("")
                continue
            self._apply(names, steps, item, path)
        return tuple(steps)

    def _apply(self, names: list[str], steps: list[Node], item: Node, path: NodePath) -> None:
        name = _text(item, "id")
        removing = self._flag(item, "remove", path)
        replacing = self._flag(item, "replace", path)
        known = name != "" and name in names  # an item that is no mapping has no name
        if (removing or replacing) and not known:
            self._refuse_unknown(path, name, names, "id")
        position = names.index(name) if known else len(steps)
        if known:
            base = steps.pop(position)
            names.pop(position)
            if removing:
                return
            item = item if replacing else self._merged(base, item, path)
        position = self._position(item, names, position, path)
        steps.insert(position, without(item, MARKERS))
        names.insert(position, name or free_id(_component(item), set(names)))

    def _merged(self, base: Node, item: Node, path: NodePath) -> Node:
        """Merge a step into the base's; another component replaces the base's component."""
        before, now = _component(base), _component(item)
        if now and before != now:
            base = without(base, (before,))
        return self.merge(base, item, path)

    def _position(self, item: Node, names: list[str], position: int, path: NodePath) -> int:
        if _text(item, "before") and _text(item, "after"):
            message = "a step goes before another or after one"
            self._refuse((*path, "after"), message, "keep one of the two")
        for marker, offset in (("before", 0), ("after", 1)):
            wanted = _text(item, marker)
            if wanted and wanted not in names:
                self._refuse_unknown(path, wanted, names, marker)
            if wanted:
                return names.index(wanted) + offset
        return position

    def _flag(self, item: Node, marker: str, path: NodePath) -> bool:
        node = item.child(marker)
        if node is not None and node.value is not True:
            self._refuse((*path, marker), f"{marker}: true is needed here")
        return node is not None

    def _refuse_unknown(self, path: NodePath, name: str, names: list[str], key: str) -> NoReturn:
        where = (*path, key)
        known = [known for known in names if known]
        hint = suggestion(name, known) or f"known: {', '.join(known) or 'none'}"
        message = f"there is no step '{name}' here" if name else "the id of a step is needed"
        self._refuse(where, message, hint)

    def _refuse(self, path: NodePath, message: str, hint: str = "") -> NoReturn:
        place = self.layer.place(path)
        problem = Problem("extends", message, path=path_text(path), place=place, hint=hint)
        raise ProblemsError([problem])


def _names(steps: Sequence[Node]) -> list[str]:
    taken = {name for item in steps if (name := _text(item, "id"))}
    names = []
    for item in steps:
        name = _text(item, "id") or free_id(_component(item), taken)
        taken.add(name)
        names.append(name)
    return names


def _component(item: Node) -> str:
    keys = item.value if isinstance(item.value, Mapping) else {}
    return next((key for key in keys if key not in BESIDE and key not in MARKERS), "")


def _text(item: Node, key: str) -> str:
    node = item.child(key)
    return node.value if node is not None and isinstance(node.value, str) else ""


def without(node: Node, names: Sequence[str]) -> Node:
    """Return a mapping without some of its keys."""
    values = node.value if isinstance(node.value, Mapping) else {}
    keys = node.keys or {}
    return replace(
        node,
        value={key: below for key, below in values.items() if key not in names},
        keys={key: place for key, place in keys.items() if key not in names},
    )

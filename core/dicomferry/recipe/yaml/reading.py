"""Reads a YAML file into a `Document`, and refuses what a recipe never needs.

The reader counts the nodes while it reads the parser's events, aliases as if they were written
out: a hostile file cannot make a large document.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from dicomferry.errors import ProblemsError
from dicomferry.model import Place, Problem
from dicomferry.recipe.yaml.document import Document, Node
from dicomferry.recipe.yaml.scalars import CORE_TAGS, Scalar, resolve
from dicomferry.recipe.yaml.text import check_characters, read_yaml_text, refuse

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError

MAX_NODES: Final = 10_000
MAX_DEPTH: Final = 32


def read_document(path: Path) -> Document:
    """Read one YAML document.

    Raises `FerryError` when the file cannot be opened and `ProblemsError`, with a place, for
    anything that is not one plain document within the limits.
    """
    text = read_yaml_text(path)
    return Document(path, _NodeReader(str(path), text).document())


def parse_document(text: str, name: str) -> Document:
    """Read a document from text; messages call it `name`. Raises `ProblemsError`."""
    check_characters(text, name)
    return Document(Path(name), _NodeReader(name, text).document())


class _NodeReader:
    """Makes the nodes of a document from the parser's events, down to `MAX_DEPTH`."""

    def __init__(self, name: str, text: str) -> None:
        from ruamel.yaml import YAML

        self._name = name
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
        self._anchors: dict[str, Node] = {}
        self._nodes = 0

    def document(self) -> Node:
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            return self._document()
        except MarkedYAMLError as error:
            self._refuse_syntax(error)
        except YAMLError as error:
            refuse("yaml-syntax", f"this is not YAML: {error}", Place(self._name, 1, 1))

    def _document(self) -> Node:
        from ruamel.yaml.events import DocumentStartEvent, StreamEndEvent, StreamStartEvent

        root: Node | None = None
        for event in self._events:
            match event:
                case StreamStartEvent():
                    continue
                case StreamEndEvent():
                    break
                case DocumentStartEvent() if root is not None:
                    self._refuse("yaml-documents", "a second document begins here", event)
                case DocumentStartEvent():
                    root = self._node(next(self._events), 1)
                    next(self._events)
        if root is None:
            refuse("yaml-empty", "the file is empty", Place(self._name, 1, 1))
        return root

    def _node(self, event: Any, depth: int) -> Node:
        from ruamel.yaml.events import AliasEvent, MappingStartEvent, ScalarEvent

        if depth > MAX_DEPTH:
            self._refuse("yaml-depth", f"nested more than {MAX_DEPTH} levels deep", event)
        if isinstance(event, AliasEvent):
            return self._alias(event, depth)
        self._count(1, event)
        self._check_tag(event)
        if isinstance(event, ScalarEvent):
            node = Node(self._scalar(event), self._place(event), event.value)
        elif isinstance(event, MappingStartEvent):
            node = self._mapping(event, depth)
        else:
            node = self._sequence(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, depth: int) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            self._refuse("yaml-alias", f"nothing complete is anchored as &{event.anchor}", event)
        if depth + node.height - 1 > MAX_DEPTH:
            self._refuse("yaml-depth", f"nested more than {MAX_DEPTH} levels deep", event)
        self._count(node.size, event)
        return node

    def _mapping(self, start: Any, depth: int) -> Node:
        from ruamel.yaml.events import MappingEndEvent

        values: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._node(event, depth + 1)
            if key.source is None:
                self._refuse("yaml-key", "a key must be text", event)
            if first := keys.get(key.source):
                message = f"the key {key.source!r} is here twice; first in line {first.line}"
                self._refuse("yaml-duplicate-key", message, event)
            keys[key.source] = self._place(event)
            values[key.source] = self._node(next(self._events), depth + 1)
        size = 1 + sum(node.size + 1 for node in values.values())
        height = 1 + max((node.height for node in values.values()), default=0)
        return Node(values, self._place(start), keys=keys, size=size, height=height)

    def _sequence(self, start: Any, depth: int) -> Node:
        from ruamel.yaml.events import SequenceEndEvent

        items: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        size = 1 + sum(node.size for node in items)
        height = 1 + max((node.height for node in items), default=0)
        return Node(tuple(items), self._place(start), size=size, height=height)

    def _scalar(self, event: Any) -> Scalar:
        if event.tag is None:
            return resolve(event.value) if event.implicit[0] else str(event.value)
        kind = str(event.tag).rpartition(":")[2]
        value = str(event.value) if kind == "str" else resolve(event.value)
        expected = {"str": str, "int": int, "float": float | int, "bool": bool, "null": type(None)}
        if kind not in expected or not isinstance(value, expected[kind]):
            self._refuse("yaml-tag", f"{event.value!r} is no !!{kind}", event)
        return value

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None and str(event.tag) not in CORE_TAGS:
            shown = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._refuse("yaml-tag", f"the tag {shown} is not allowed in a recipe", event)

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES} nodes, aliases counted as if they were written out"
            self._refuse("yaml-nodes", message, event)

    def _place(self, event: Any) -> Place:
        return Place(self._name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse(self, code: str, message: str, event: Any) -> NoReturn:
        refuse(code, message, self._place(event))

    def _refuse_syntax(self, error: MarkedYAMLError) -> NoReturn:
        problem = str(error.problem or error.context or "this is not YAML")
        mark = error.problem_mark or error.context_mark
        place = Place(self._name, mark.line + 1, mark.column + 1) if mark else None
        hint = ""
        if "\\t" in problem:
            problem, hint = "a tab cannot be used for indentation", "use spaces"
        elif "mapping values are not allowed" in problem:
            hint = "quote text that holds a colon and a blank"
        elif "cannot start any token" in problem:
            hint = "quote text that begins with this character"
        raise ProblemsError([Problem("yaml-syntax", problem, place=place, hint=hint)])

"""Spans: where each node's text is in a YAML file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from dicomferry.recipe.yaml.document import NodePath


class Span(Struct, frozen=True):
    """Start and end of a node's text, and of its key's: offsets in characters, end excluded."""

    start: int
    end: int
    key: tuple[int, int] | None = None


def spans_of(text: str) -> dict[NodePath, Span]:
    """Return the span of every node of a document."""
    from ruamel.yaml import YAML

    events = iter(YAML(typ="safe", pure=True).parse(text))
    walker = _Walker(text, events)
    for event in events:
        if type(event).__name__ == "DocumentStartEvent":
            walker.walk(next(events), (), None)
    return walker.spans


class _Walker:
    """Reads the events of a parser and notes the span of each node."""

    def __init__(self, text: str, events: Iterator[Any]) -> None:
        self.spans: dict[NodePath, Span] = {}
        self._text = text
        self._events = events

    def walk(self, event: Any, path: NodePath, key: tuple[int, int] | None) -> int:
        """Note a node and the nodes below it; return the offset of its end."""
        from ruamel.yaml.events import MappingStartEvent, SequenceStartEvent

        start: int = event.start_mark.index
        end: int = event.end_mark.index
        if isinstance(event, MappingStartEvent):
            end = self._mapping(event, path)
        elif isinstance(event, SequenceStartEvent):
            end = self._sequence(event, path)
        elif start == end:
            # An empty value: the parser gives it the place of what follows.
            end = start = self._text.index(":", key[1]) + 1 if key else self._before(start)
        self.spans[path] = Span(start, end, key)
        return end

    def _before(self, position: int) -> int:
        return len(self._text[:position].rstrip())

    def _mapping(self, start: Any, path: NodePath) -> int:
        from ruamel.yaml.events import MappingEndEvent

        end: int = start.end_mark.index
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = (event.start_mark.index, event.end_mark.index)
            end = self.walk(next(self._events), (*path, str(getattr(event, "value", ""))), key)
        if start.flow_style:
            end = event.end_mark.index
        return end

    def _sequence(self, start: Any, path: NodePath) -> int:
        from ruamel.yaml.events import SequenceEndEvent

        end: int = start.end_mark.index
        number = 0
        while not isinstance(event := next(self._events), SequenceEndEvent):
            end = self.walk(event, (*path, number), None)
            number += 1
        if start.flow_style:
            end = event.end_mark.index
        return end

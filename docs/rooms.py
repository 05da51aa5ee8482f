"""Draws docs/rooms.svg, the rooms of the house, from the import graph.

A room is a package or a module of `dicomferry`. It stands on a floor above all that it imports.
An arrow is an import that no longer way leads along (the transitive reduction).
usage: python docs/rooms.py [FILE]
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import grimp

PACKAGE = "dicomferry"
OPENED = frozenset({"dicomferry.engine", "dicomferry.ledger", "dicomferry.xnat"})
"""Rooms that are drawn with what is inside them."""

PADDING, GAP, FLOOR_GAP = 12, 14, 30
TITLE, LINE, CHARACTER = 22, 14, 5.7
ACROSS = 1260
INKS = ("#fdfcf8", "#f3efe4", "#e8e1cf")
STYLE = (
    "text{font-family:Helvetica,Arial,sans-serif;fill:#222}"
    ".name{font-size:13px;font-weight:bold}.says{font-size:10.5px;fill:#555}"
    ".way{fill:none;stroke:#8a7f66;stroke-width:1.1;marker-end:url(#tip)}"
)

Arrows = Mapping[str, frozenset[str]]


class Room(NamedTuple):
    """A drawn room; `left`, `top`, `width` and `height` in pixels."""

    name: str
    left: float
    top: float
    width: float
    height: float
    svg: str

    def moved(self, right: float, down: float) -> Room:
        """Return the same room at another place."""
        svg = f'<g transform="translate({right:g} {down:g})">{self.svg}</g>'
        return Room(self.name, self.left + right, self.top + down, self.width, self.height, svg)


def arrows_among(rooms: Iterable[str], graph: grimp.ImportGraph) -> Arrows:
    """Return for each room those among `rooms` that its modules import."""
    members = {room: {room, *graph.find_descendants(room)} for room in rooms}
    home = {module: room for room, modules in members.items() for module in modules}
    return {
        room: frozenset(
            home[imported]
            for module in modules
            for imported in graph.find_modules_directly_imported_by(module)
            if home.get(imported, room) != room
        )
        for room, modules in members.items()
    }


def floors_of(arrows: Arrows) -> list[list[str]]:
    """Return the rooms floor by floor, the highest first; raises `ValueError` for a circle."""
    floor: dict[str, int] = {}

    def stands_on(room: str, way: tuple[str, ...]) -> int:
        if room in way:
            raise ValueError(f"a circle: {' -> '.join((*way, room))}")
        if room not in floor:
            floor[room] = 1 + max((stands_on(b, (*way, room)) for b in arrows[room]), default=-1)
        return floor[room]

    for room in arrows:
        stands_on(room, ())
    return [
        sorted(room for room in arrows if floor[room] == number)
        for number in range(max(floor.values()), -1, -1)
    ]


def reduced(arrows: Arrows) -> Arrows:
    """Return the arrows without those that a longer way stands for."""

    def reached(room: str) -> set[str]:
        return set(arrows[room]).union(*(reached(below) for below in arrows[room]))

    return {
        room: frozenset(below - set().union(*(reached(b) for b in below)))
        for room, below in arrows.items()
    }


def caption(module: str) -> str:
    """Return the first sentence of a module's docstring."""
    spec = find_spec(module)
    source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    text = ast.get_docstring(ast.parse(source)) or ""
    return " ".join(text.split("\n\n")[0].split())


def wrapped(text: str, width: float) -> list[str]:
    """Return a text in lines that are at most `width` pixels long."""
    lines = [""]
    for word in text.split():
        if lines[-1] and (len(lines[-1]) + 1 + len(word)) * CHARACTER > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def draw(module: str, graph: grimp.ImportGraph, width: float, depth: int) -> Room:
    """Draw one room at the origin, at least `width` pixels wide."""
    inside = drawn_floors(module, graph, width - 2 * PADDING, depth) if module in OPENED else None
    width = max(width, inside.width + 2 * PADDING if inside else 0)
    says = wrapped(caption(module), width - 2 * PADDING) if depth else []
    top = PADDING / 2 + TITLE + LINE * len(says)
    height = top + PADDING + (inside.height if inside else 0)
    name = module.removeprefix(f"{PACKAGE}.").rpartition(".")[2]
    parts = [
        (
            f'<rect width="{width:g}" height="{height:g}" rx="6" fill="{INKS[min(depth, 2)]}"'
            ' stroke="#b9ac8c"/>'
        ),
        f'<text class="name" x="{PADDING}" y="{TITLE}">{escape(name)}</text>',
    ]
    parts += [
        f'<text class="says" x="{PADDING}" y="{TITLE + LINE * (number + 1)}">{escape(line)}</text>'
        for number, line in enumerate(says)
    ]
    if inside:
        parts.append(inside.moved(PADDING, top).svg)
    return Room(module, 0, 0, width, height, "".join(parts))


def weight(room: str) -> int:
    """Return how much of the width of its floor a room gets."""
    return 3 if room in OPENED else 1


def drawn_floors(package: str, graph: grimp.ImportGraph, width: float, depth: int) -> Room:
    """Draw the rooms of a package on their floors, with the arrows between them."""
    children = graph.find_children(package)
    arrows = arrows_among(children, graph)
    placed: dict[str, Room] = {}
    down = across = 0.0
    for floor in floors_of(arrows):
        share = (width - GAP * (len(floor) - 1)) / sum(map(weight, floor))
        row = [draw(room, graph, share * weight(room), depth + 1) for room in floor]
        right = 0.0
        for room in row:
            placed[room.name] = room.moved(right, down)
            right += room.width + GAP
        across = max(across, right - GAP)
        down += max(room.height for room in row) + FLOOR_GAP
    ways = [
        way(placed[room], placed[below])
        for room, belows in sorted(reduced(arrows).items())
        for below in sorted(belows)
    ]
    svg = "".join([*ways, *(placed[room].svg for room in sorted(placed))])
    return Room(package, 0, 0, across, down - FLOOR_GAP, svg)


def way(start: Room, end: Room) -> str:
    """Draw an arrow from the foot of one room to the head of another."""
    x1, y1 = start.left + start.width / 2, start.top + start.height
    x2, y2 = end.left + end.width / 2, end.top
    bend = max(FLOOR_GAP / 2, (y2 - y1) / 2)
    return (
        f'<path class="way" d="M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g}'
        f' {x2:g} {y2:g}"/>'
    )


def picture() -> str:
    """Return the picture of the rooms as SVG."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None, exclude_type_checking_imports=True)
    house = drawn_floors(PACKAGE, graph, ACROSS, 0).moved(PADDING, PADDING)
    width, height = house.width + 2 * PADDING, house.height + 2 * PADDING
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
        f' viewBox="0 0 {width:g} {height:g}"><style>{STYLE}</style><defs><marker id="tip"'
        ' viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#8a7f66"/></marker></defs>'
        f'<rect width="100%" height="100%" fill="#fff"/>{house.svg}</svg>\n'
    )


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("rooms.svg")
    target.write_text(picture(), encoding="utf-8")

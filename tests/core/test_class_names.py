"""Who reads a class's name knows which class it is."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import dicomferry

CORE = Path(dicomferry.__file__).parent


def test_no_class_name_occurs_twice_in_core() -> None:
    places = defaultdict(list)
    for path in sorted(CORE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path.relative_to(CORE)}:{node.lineno}")

    assert len(places) > 300, "the classes of core were not found"
    assert {name: where for name, where in places.items() if len(where) > 1} == {}

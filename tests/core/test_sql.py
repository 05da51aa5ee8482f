"""SQL stands in the ledger's room alone: everybody else asks it by named methods."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dicomferry
import dicomferry_plugins

_CORE = Path(dicomferry.__file__).parent
_ROOMS = (_CORE, Path(dicomferry_plugins.__file__).parent)
_SQL = re.compile(
    r"\bSELECT\b.+\bFROM\b|\bINSERT (OR \w+ )?INTO\b|\bUPDATE \w+ SET\b|\bDELETE FROM\b"
    r"|\b(CREATE|DROP|ALTER) (TEMP |UNIQUE )?(TABLE|INDEX)\b|\bPRAGMA \w+|\bJOIN \w+.* ON\b"
    r"|\b(GROUP|ORDER) BY \w+|\bATTACH DATABASE\b",
    re.DOTALL,
)
_CALLS = {"execute", "executemany", "executescript"}


def modules() -> Iterator[Path]:
    for room in _ROOMS:
        yield from (
            path for path in room.rglob("*.py") if not path.is_relative_to(_CORE / "ledger")
        )


def sql_in(source: str) -> list[str]:
    """Return where a module holds SQL, runs it, or imports what runs it."""
    nodes = list(ast.walk(ast.parse(source)))
    docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return [
        f"line {node.lineno}: {found}"
        for node in nodes
        if isinstance(node, ast.expr | ast.stmt) and (found := _found(node, docs))
    ]


def _found(node: ast.expr | ast.stmt, docs: set[int]) -> str:
    match node:
        case ast.Constant(str(text)) if id(node) not in docs:
            return _sql(text)
        case ast.JoinedStr(parts):
            texts = (p.value if isinstance(p, ast.Constant) else "x" for p in parts)
            return _sql("".join(map(str, texts)))
        case ast.Import(names) if any(name.name.partition(".")[0] == "sqlite3" for name in names):
            return "import sqlite3"
        case ast.ImportFrom(module="sqlite3"):
            return "from sqlite3 import"
        case ast.Call(func=ast.Attribute(attr=name)) if name in _CALLS:
            return f".{name}("
        case _:
            return ""


def _sql(text: str) -> str:
    found = _SQL.search(text)
    return found[0] if found else ""


def test_no_module_outside_the_ledger_speaks_sql() -> None:
    found = [
        f"{path.relative_to(_CORE.parent)}, {where}"
        if path.is_relative_to(_CORE)
        else f"{path.name}, {where}"
        for path in modules()
        for where in sql_in(path.read_text(encoding="utf-8"))
    ]

    assert not found


@pytest.mark.parametrize(
    "source",
    [
        'rows = ask("SELECT id FROM item WHERE scan = ?")',
        'text = f"SELECT {columns} FROM item"',
        'items.count("project = ?", "GROUP BY project")',
        'change = """UPDATE item SET examined = 1"""',
        "import sqlite3",
        "from sqlite3 import connect",
        "ledger.connection.execute(text)",
    ],
)
def test_a_module_that_speaks_sql_is_found(source: str) -> None:
    assert sql_in(source)


def test_words_of_a_docstring_are_no_sql() -> None:
    assert not sql_in('"""SELECT what you want FROM the plan."""\n')

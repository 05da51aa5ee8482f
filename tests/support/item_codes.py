"""The codes that the source text of the product gives to what it finds, examines and holds back.

Each place that makes a finding, a fault or a verdict must give its code in a form that can be read:
a text, a constant, a choice of these, a parameter that is one of the texts of a `Literal`, or the
`code` of another such value. Any other form is an `UnreadableCodeError`, so that no code is missed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import dicomferry
import dicomferry_plugins

CARRIERS: Mapping[str, int] = {
    "NotLookedInto": 1, "Refused": 1, "Unusable": 1, "Examined": 2, "Withheld": 0, "Rejected": 1,
    "Fault": 1, "FileFault": 1, "Mend": 1, "Member": 3,
}  # fmt: skip
"""The values that carry a code of an item, and the position of it."""

_NOTES = ("notes", "_notes")
"""What has an `add` for faults that are mended; the second argument is the code."""

_IN_SQL = re.compile(r"\bcode = '([a-z-]+)'")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class UnreadableCodeError(Exception):
    """A code that cannot be read from the source text."""


class _Module:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text("utf-8"))
        self.constants = dict(self._constants())
        self.carriers = dict(CARRIERS) | dict(self._other_names())

    def _constants(self) -> Iterator[tuple[str, ast.expr]]:
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                yield node.targets[0].id, node.value
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                yield ast.unparse(node.target), node.value

    def _other_names(self) -> Iterator[tuple[str, int]]:
        """Yield the local names of carriers: `kind = Unusable if settled else NotLookedInto`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                value = node.value
                for one in [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]:
                    if isinstance(one, ast.Name) and one.id in CARRIERS:
                        yield node.targets[0].id, CARRIERS[one.id]


def codes_in_source() -> set[str]:
    """Return every code of an item that the product can give; raise where one cannot be read."""
    return codes_in(
        path
        for package in (dicomferry, dicomferry_plugins)
        for path in sorted(Path(str(package.__file__)).parent.rglob("*.py"))
    )


def codes_in(paths: Iterable[Path]) -> set[str]:
    """Return every code of an item that some modules can give."""
    modules = [_Module(path) for path in paths]
    shared: dict[str, list[ast.expr]] = {}
    for module in modules:
        for name, value in module.constants.items():
            shared.setdefault(name, []).append(value)
    return {code for module in modules for code in _codes(module, shared)} - {""}


def _codes(module: _Module, shared: Mapping[str, list[ast.expr]]) -> Iterator[str]:
    for function, node in _within(module.tree, None):
        for given in _given(node, module):
            yield from _read(given, function, module, shared)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _IN_SQL.findall(node.value)


def _within(
    node: ast.AST, function: _Function | None
) -> Iterator[tuple[_Function | None, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        yield function, child
        yield from _within(child, child if isinstance(child, _Function) else function)


def _given(node: ast.AST, module: _Module) -> Iterator[ast.expr]:
    """Yield the expressions of codes in one node."""
    if isinstance(node, ast.Tuple):
        for verdict, code in zip(node.elts, node.elts[1:], strict=False):
            named = isinstance(verdict, ast.Attribute) and ast.unparse(verdict.value) == "Verdict"
            constant = isinstance(code, ast.Name) and code.id.isupper()
            passed_on = isinstance(code, ast.Attribute)
            if (named and not passed_on) or (constant and ast.unparse(verdict) == "verdict"):
                yield code
    if not isinstance(node, ast.Call):
        return
    name = ast.unparse(node.func).rpartition(".")[2]
    at = module.carriers.get(name)
    if name == "add" and isinstance(node.func, ast.Attribute):
        held_by = ast.unparse(node.func.value).rpartition(".")[2]
        at = 1 if held_by in _NOTES else None
    if at is not None and len(node.args) > at:
        yield node.args[at]
    elif at is not None and any(isinstance(one, ast.Starred) for one in node.args):
        yield node
    if at is not None or (name == "replace" and "problems" not in module.path.parts):
        yield from (one.value for one in node.keywords if one.arg == "code")


def _read(
    given: ast.expr, function: _Function | None, module: _Module,
    shared: Mapping[str, list[ast.expr]],
) -> Iterator[str]:  # fmt: skip
    match given:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=first, orelse=second):
            yield from _read(first, function, module, shared)
            yield from _read(second, function, module, shared)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _read(value, function, module, shared)
        case ast.Attribute(attr="code"):
            return
        case ast.Name(id=name):
            yield from _named(name, given, function, module, shared)
        case _:
            raise _unreadable(module, given)


def _named(
    name: str, given: ast.expr, function: _Function | None, module: _Module,
    shared: Mapping[str, list[ast.expr]],
) -> Iterator[str]:  # fmt: skip
    local = [
        node.value
        for node in (ast.walk(function) if function else ())
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    asked = [one for one in function.args.args if one.arg == name] if function else []
    if asked:
        yield from _of_parameter(asked[0], module, given)
    elif local or name in module.constants:
        for value in local or [module.constants[name]]:
            yield from _read(value, function, module, shared)
    elif name in shared:
        for value in shared[name]:
            yield from _read(value, None, module, shared)
    elif not _is_matched(name, function):
        raise _unreadable(module, given)


def _of_parameter(asked: ast.arg, module: _Module, given: ast.expr) -> Iterator[str]:
    """Yield the texts of a parameter's `Literal`: mypy sees to it that there are no others."""
    kind = asked.annotation
    if isinstance(kind, ast.Name):
        kind = module.constants.get(kind.id)
    if isinstance(kind, ast.Subscript) and ast.unparse(kind.value) == "Literal":
        inside = kind.slice.elts if isinstance(kind.slice, ast.Tuple) else [kind.slice]
        yield from (str(one.value) for one in inside if isinstance(one, ast.Constant))
    elif module.path.name != "notes.py":  # each call of its `add` is read
        raise _unreadable(module, given)


def _is_matched(name: str, function: _Function | None) -> bool:
    """Tell whether a name is taken out of a carrier, by a `case` or a loop over carriers' parts."""
    for node in ast.walk(function) if function else ():
        if isinstance(node, ast.MatchAs) and node.name == name:
            return True
        if isinstance(node, ast.For) and name in ast.unparse(node.target):
            return True
    return False


def _unreadable(module: _Module, given: ast.expr) -> UnreadableCodeError:
    place = f"{module.path.name}:{given.lineno}"
    return UnreadableCodeError(f"{place}: the code of an item must be a text or a constant")

"""Every hook is typed, explained where it is declared, and documented with its exact signature."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomferry import hookspecs

DOCS = Path(__file__).parents[2] / "docs" / "hooks.md"


def _hooks() -> Iterator[ast.FunctionDef]:
    for node in ast.parse(inspect.getsource(hookspecs)).body:
        if isinstance(node, ast.FunctionDef):
            yield node


HOOKS = list(_hooks())


@pytest.fixture(params=HOOKS, ids=lambda hook: hook.name)
def hook(request: pytest.FixtureRequest) -> ast.FunctionDef:
    found: ast.FunctionDef = request.param
    return found


def test_a_hook_bears_the_name_of_the_project(hook: ast.FunctionDef) -> None:
    assert hook.name.startswith("dicomferry_")


def test_a_hook_is_a_hookspec(hook: ast.FunctionDef) -> None:
    assert hasattr(getattr(hookspecs, hook.name), "dicomferry_spec")


def test_a_hook_is_annotated(hook: ast.FunctionDef) -> None:
    assert hook.returns is not None
    assert all(argument.annotation for argument in hook.args.args)


def test_a_hook_has_a_docstring(hook: ast.FunctionDef) -> None:
    assert ast.get_docstring(hook)


def test_a_hook_is_documented(hook: ast.FunctionDef) -> None:
    returns = ast.unparse(hook.returns) if hook.returns else ""
    signature = f"### {hook.name}({ast.unparse(hook.args)}) -> {returns}"

    assert signature in DOCS.read_text().splitlines()


def test_the_documented_summary_is_the_docstring(hook: ast.FunctionDef) -> None:
    _, _, section = DOCS.read_text().partition(f"### {hook.name}(")

    assert section.splitlines()[2] == (ast.get_docstring(hook) or "").splitlines()[0]


def test_hooks_are_documented_in_the_order_of_a_run() -> None:
    lines = DOCS.read_text().splitlines()
    documented = [line[4:].partition("(")[0] for line in lines if line.startswith("### ")]

    assert documented == [hook.name for hook in HOOKS]

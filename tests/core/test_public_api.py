"""The public API is complete, and nothing of it is loaded before it is used."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys

import pytest

import dicomferry

HEAVY = {"jinja2", "jsonschema", "numpy", "pydicom", "pynetdicom", "requests", "rich"}


def _modules_after(*arguments: str) -> set[str]:
    code = (
        "import sys; from dicomferry.cli import cli;"
        f"cli.main({list(arguments)!r}, standalone_mode=False);"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def _for_type_checkers() -> list[str]:
    tree = ast.parse(inspect.getsource(dicomferry))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return [
        alias.asname or alias.name
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


@pytest.mark.parametrize("name", dicomferry.__all__)
def test_a_public_name_can_be_had(name: str) -> None:
    assert getattr(dicomferry, name) is not None


def test_type_checkers_see_the_same_names() -> None:
    assert sorted(_for_type_checkers()) == sorted(dicomferry.__all__)


def test_every_name_with_a_home_is_public() -> None:
    assert sorted(dicomferry._HOME_OF) == sorted(dicomferry.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'dicomferry' has no attribute 'nonsense'"):
        dicomferry.nonsense  # noqa: B018


def test_a_name_is_the_one_of_its_home() -> None:
    from dicomferry.model import Stored

    assert dicomferry.Stored is Stored


def test_help_loads_neither_engine_nor_plug_ins() -> None:
    loaded = _modules_after("--help")

    assert not {name for name in loaded if name.startswith(("dicomferry.", "dicomferry_"))} - {
        "dicomferry.cli",
        "dicomferry.errors",
    }


@pytest.mark.parametrize("verb", ["plugins", "schema"])
def test_a_verb_that_reads_no_dicom_loads_no_dicom_library(verb: str) -> None:
    assert not _modules_after(verb) & {"pydicom", "pynetdicom", "jinja2", "numpy"}


def test_help_loads_nothing_heavy() -> None:
    assert not _modules_after("--help") & HEAVY

"""The public API is complete, and nothing of it is loaded before it is used."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

import dicomferry
import dicomferry.contract
import dicomferry.dicom
import dicomferry.dimse
import dicomferry.options
import dicomferry.xnat

HEAVY = {"jinja2", "jsonschema", "numpy", "pydicom", "pynetdicom", "requests", "rich"}


def _modules_after(*arguments: str) -> set[str]:
    code = (
        "import sys; from dicomferry.cli import cli;"
        f"cli.main({list(arguments)!r}, standalone_mode=False);"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


NAMESPACES = (
    dicomferry,
    dicomferry.contract,
    dicomferry.dicom,
    dicomferry.dimse,
    dicomferry.options,
    dicomferry.xnat,
)
NAMES = [(namespace, name) for namespace in NAMESPACES for name in namespace.__all__]
each = pytest.mark.parametrize("namespace", NAMESPACES, ids=[n.__name__ for n in NAMESPACES])


def _for_type_checkers(namespace: ModuleType) -> dict[str, str]:
    """Return what type checkers see imported: the module of every name."""
    tree = ast.parse(inspect.getsource(namespace))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.name: str(node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name  # only then is it exported
    }


@pytest.mark.parametrize(
    ("namespace", "name"), NAMES, ids=[f"{space.__name__}.{name}" for space, name in NAMES]
)
def test_a_public_name_can_be_had(namespace: ModuleType, name: str) -> None:
    assert getattr(namespace, name) is not None
    assert not isinstance(getattr(namespace, name), ModuleType)


@each
def test_type_checkers_see_the_same_names_of_the_same_modules(namespace: ModuleType) -> None:
    seen = _for_type_checkers(namespace)

    assert sorted(seen) == namespace.__all__
    for name, home in seen.items():
        assert getattr(namespace, name) is getattr(import_module(home), name)


@each
def test_an_unknown_name_is_an_attribute_error(namespace: ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"'{namespace.__name__}' has no attribute 'nonsense'"):
        namespace.nonsense  # noqa: B018


def test_no_public_name_stands_in_two_namespaces() -> None:
    names = [name for _, name in NAMES]

    assert sorted(set(names)) == sorted(names)


def test_a_name_is_the_one_of_its_home() -> None:
    from dicomferry.model import Stored

    assert dicomferry.Stored is Stored


def test_a_name_is_imported_when_it_is_asked_for() -> None:
    code = (
        "import sys, dicomferry.options, dicomferry.xnat;"
        "print(*(name for name in sys.modules if name.startswith('dicomferry.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = {"dicomferry.lazily", "dicomferry.options", "dicomferry.xnat"}
    assert set(done.stdout.split()) == loaded


def test_help_loads_neither_engine_nor_plug_ins() -> None:
    loaded = _modules_after("--help")

    assert not {name for name in loaded if name.startswith(("dicomferry.", "dicomferry_"))} - {
        "dicomferry.cli",
        "dicomferry.cli.views",
        "dicomferry.cli.views.output",
        "dicomferry.errors",
        "dicomferry.lazily",
    }


@pytest.mark.parametrize("verb", ["plugins", "schema"])
def test_a_verb_that_reads_no_dicom_loads_no_dicom_library(verb: str) -> None:
    assert not _modules_after(verb) & {"pydicom", "pynetdicom", "jinja2", "numpy"}


def test_help_loads_nothing_heavy() -> None:
    assert not _modules_after("--help") & HEAVY

"""Core holds no name of a built-in component: what it does is done for every plug-in's alike.

Looked at are string constants that are a name and nothing else, names in quotes within a longer
text, and identifiers that spell a name of several words (`unify_uids`). Not looked at are
docstrings, the names that click gives options and arguments in a decorator (`--to` a `folder`), and
hints in prose, which may tell a user of a component of the product.

Identifiers (`classic`, `dqr`) are left out: their names are XNAT's own for its ways to identify,
which core emulates and reads from a site's configuration.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dicomferry
from dicomferry.host import Selection, load_plugins

CORE = Path(dicomferry.__file__).parent
MODULES = sorted(path for path in CORE.rglob("*.py"))
KINDS = {"source", "transform", "sink", "server", "importer", "executor"}


def names() -> frozenset[str]:
    """Return what the components of dicomferry's own distribution are called."""
    plugins = load_plugins(Selection())
    own = {plugin.name for plugin in plugins.plugins if plugin.distribution == "dicomferry"}
    return frozenset(
        offer.component.name
        for offer in plugins.offers
        if offer.plugin in own and offer.kind in KINDS
    )


def mentions(source: str, known: frozenset[str]) -> Iterator[str]:
    """Yield each place of a module where it names a component."""
    quoted = re.compile(r"['\"`](" + "|".join(map(re.escape, sorted(known))) + r")['\"`]")
    spelt = {name.replace("-", "_") for name in known if "-" in name}
    for node in _looked_at(ast.parse(source)):
        match node:
            case ast.Constant(value=str(text)) if text in known or quoted.search(text):
                yield f"line {node.lineno}: {text!r}"
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in spelt:
                yield f"line {node.lineno}: {name}"


def _looked_at(node: ast.AST) -> Iterator[ast.AST]:
    for field, value in ast.iter_fields(node):
        below = value if isinstance(value, list) else [value]
        for child in below:
            if not isinstance(child, ast.AST) or field == "decorator_list":
                continue
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue  # a docstring
            yield child
            yield from _looked_at(child)


KNOWN = names()


def test_the_names_of_the_built_ins_are_known() -> None:
    assert {"folder", "identify", "unify-uids", "xnat-cstore", "export"} <= KNOWN


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(CORE)))
def test_a_module_of_core_names_no_built_in_component(module: Path) -> None:
    assert not list(mentions(module.read_text(), KNOWN))


@pytest.mark.parametrize(
    "source",
    [
        'if component == "identify": pass',
        'offered = components.sinks["export"]',
        "raise FerryError(f\"no plug-in offers 'export', only {others}\")",
        "options.unify_uids",
    ],
)
def test_a_name_is_found_where_one_is_written(source: str) -> None:
    assert list(mentions(source, KNOWN))


@pytest.mark.parametrize(
    "source",
    [
        '"""Where `identify` writes."""',
        '@click.option("--to", "folder")\ndef command(folder): pass',
        'hint = "name the project with identify"',
    ],
)
def test_prose_and_options_are_no_names(source: str) -> None:
    assert not list(mentions(source, KNOWN))

"""Every code there is: what is rejected, failed or not looked into never ends in all is well."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

import dicomferry
import dicomferry_plugins
from dicomferry.cli import cli
from support.cli import ferry
from support.instances import make_instances
from support.plugins import install

REASONS = {"NotLookedInto": 1, "Refused": 1, "Examined": 2, "Withheld": 0}
"""The values that carry a code, and the position of it."""

REJECTED = frozenset((
    "damaged", "duplicate-differs", "forecast-changed", "forecast-mismatch", "missing-uid",
    "not-as-asked", "not-editable", "refused-by-xnat", "rejected", "servers-disagree", "unexpected",
    "element-twice", "no-pixel-data", "second-meta-group", "value-missing",
))  # fmt: skip
NOT_LOOKED_INTO = frozenset((
    "broken-archive", "dangling-link", "ended-its-worker", "gone", "link-outside", "not-opened",
    "over-limit", "repeated-member", "unreadable",
))  # fmt: skip

PLUGIN = '''
import msgspec
from contextlib import contextmanager
from dicomferry import (
    Component, Failed, Location, NotLookedInto, Refused, Rejected, Stored, hookimpl)

class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes of it."""
    kind: str = "stored"
    codes: list[str] = []

class Finds(msgspec.Struct, frozen=True):
    options: Options

    def discover(self):
        kind = {"refused": Refused, "not-looked-into": NotLookedInto}[self.options.kind]
        for code in self.options.codes:
            yield kind(Location(f"/there/{code}"), code, "for a reason")

OUTCOMES = {"stored": Stored("here"), "rejected": Rejected("a rule"),
            "failed": Failed("an accident", False), "failed-for-now": Failed("weather", True)}

class Takes:
    receiver = "takes"
    server = ""
    lanes = 1

    def __init__(self, options):
        self.outcome = OUTCOMES[options.kind]

    @contextmanager
    def open(self, consignment):
        yield self

    def store(self, parcel):
        return self.outcome

@hookimpl
def dicomferry_sources():
    yield Component("finds", "finds codes", Options, lambda o, c: Finds(o), "sources: [finds: {}]")

@hookimpl
def dicomferry_sinks():
    yield Component("takes", "takes it", Options, lambda o, c: Takes(o), "sinks: [takes: {}]")
'''


def written() -> Iterator[str]:
    """Yield the literal codes that the source text of the product gives to findings and items."""
    for package in (dicomferry, dicomferry_plugins):
        for path in Path(str(package.__file__)).parent.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                yield from _code_of(node)


def _code_of(node: ast.AST) -> Iterator[str]:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return
    at = REASONS.get(node.func.id)
    if at is None or len(node.args) <= at or "PASSED" in ast.dump(node):
        return
    if isinstance(code := node.args[at], ast.Constant) and isinstance(code.value, str):
        yield code.value


def test_every_code_in_the_source_text_has_a_case() -> None:
    excluded = {"excluded", ""}

    assert set(written()) - excluded <= REJECTED | NOT_LOOKED_INTO


@pytest.mark.parametrize(
    ("source", "codes", "sink"),
    [
        *(("refused", [code], "stored") for code in sorted(REJECTED)),
        *(("not-looked-into", [code], "stored") for code in sorted(NOT_LOOKED_INTO)),
        ("refused", [], "rejected"), ("refused", [], "failed"), ("refused", [], "failed-for-now"),
    ],
    ids=[*sorted(REJECTED), *sorted(NOT_LOOKED_INTO), "sink-rejects", "sink-fails", "sink-waits"],
)  # fmt: skip
def test_no_code_ends_in_exit_0_or_in_words_that_all_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, codes: list[str], sink: str
) -> None:
    monkeypatch.syspath_prepend(install(tmp_path / "site", "codes", PLUGIN)["PYTHONPATH"])
    make_instances(tmp_path / "data", 1)
    recipe = tmp_path / "codes.yaml"
    with recipe.open("w") as file:
        YAML(typ="safe").dump({
            "recipe": 1, "name": "codes",
            "servers": {"xnat": {"xnat": {
                "dicom": {"host": "127.0.0.1"}, "identification": {"projects": ["P"]}}}},
            "sources": [{"folder": {"path": "data"}}, {"finds": {"kind": source, "codes": codes}}],
            "transforms": [{"identify": {"project": "P", "subject": "S", "session": "E"}}],
            "sinks": [{"takes": {"kind": sink}}],
            "allow": ["nothing-found", "gone"],
        }, file)  # fmt: skip

    for verb in ("plan", "run", "status"):
        for form in ("text", "json"):
            executor = [] if verb == "status" else ["--executor", "in-process"]
            command = [verb, str(recipe), "--format", form, *executor]
            result = CliRunner().invoke(cli, command, standalone_mode=False)
            assert result.exception is None, result.output
            assert result.return_value == (0 if verb == "plan" and not codes else 1), result.output
            assert "Everything is stored" not in result.output
            if form == "json":
                assert json.loads(result.stdout).get("complete") is not True
            for code in codes if (verb, form) != ("run", "json") else ():
                assert code in result.stdout


def test_what_is_all_well_is_called_so(tmp_path: Path) -> None:
    env = install(tmp_path / "site", "codes", PLUGIN)
    make_instances(tmp_path / "data", 1)
    recipe = tmp_path / "codes.yaml"
    with recipe.open("w") as file:
        YAML(typ="safe").dump({
            "recipe": 1, "name": "codes", "sources": [{"folder": {"path": "data"}}],
            "sinks": [{"takes": {"kind": "stored"}}],
        }, file)  # fmt: skip

    result = ferry("run", recipe, env=env)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "Everything is stored" in result.stdout

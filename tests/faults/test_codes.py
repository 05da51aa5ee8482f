"""Every code there is: what is rejected, failed or not looked into never ends in all is well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from dicomferry.cli import cli
from support.cli import ferry
from support.instances import make_instances
from support.item_codes import UnreadableCodeError, codes_in, codes_in_source
from support.plugins import install

REJECTED = frozenset((
    "damaged", "disputed-study", "duplicate-differs", "element-twice", "forecast-changed",
    "forecast-mismatch", "forecast-unknown", "list-incomplete", "missing-uid", "no-pixel-data",
    "not-as-asked", "not-editable", "patient-over-several-subjects",
    "patients-merged", "refused-by-xnat", "rejected",
    "second-meta-group", "servers-disagree", "unanswered", "unexpected", "unexpected-studies",
    "untrusted-answer", "value-missing",
))  # fmt: skip
NOT_LOOKED_INTO = frozenset((
    "broken-archive", "dangling-link", "encrypted", "ended-its-worker", "gone", "include-unmet",
    "link-outside", "listed-not-found", "nested-too-deep", "no-answer", "not-opened", "over-limit",
    "repeated-member", "sparse", "unknown-compression", "unreadable",
))  # fmt: skip
ALL_WELL = frozenset((
    "answer-differs", "answer-unproven", "candidate", "carried-with-another-row", "chosen",
    "dicomdir", "duplicate", "empty-archive", "excluded",
    "link-repeated", "list-completed", "mended", "not-a-file", "not-chosen", "not-dicom",
    "not-in-manifest", "not-preferred", "nothing-found", "query-without-study", "series-came",
))  # fmt: skip
"""The codes of what is sent, left out on purpose, or known to be no instance."""

SINKS = (
    "rejected", "failed", "failed-for-now", "shut", "breaks-open", "takes-back", "pends",
    "breaks-at-end", "raises", "says-nothing", "says-yes",
)  # fmt: skip
"""What a sink may do that is not to store."""

PLUGIN = '''
import msgspec
from contextlib import contextmanager
from dicomferry import (
    Component, Failed, FerryError, Location, NotLookedInto, Pending, Refused, Rejected, Stored,
    hookimpl)

class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What comes of it."""
    kind: str = "stored"
    codes: list[str] = []

class Finds(msgspec.Struct, frozen=True):
    options: Options

    def discover(self):
        if self.options.kind in ("raises", "says-nothing"):
            yield NotLookedInto(Location("/there/first"), "unreadable", "for a reason")
            if self.options.kind == "raises":
                raise KeyError("broken")
            yield None
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
        self.kind = options.kind

    @contextmanager
    def open(self, consignment):
        if self.kind == "shut":
            raise FerryError("there is no way in", hint="knock")
        if self.kind == "breaks-open":
            raise RuntimeError("broken")
        yield self
        if self.kind in ("pends", "takes-back"):
            raise FerryError("nothing was kept", hint="ask")
        if self.kind == "breaks-at-end":
            raise ValueError("broken")

    def store(self, parcel):
        if self.kind == "raises":
            raise RuntimeError("broken")
        if self.kind == "pends":
            return Pending("in a moment")
        if self.kind == "says-nothing":
            return None
        if self.kind == "says-yes":
            return True
        return OUTCOMES.get(self.kind, Stored("here"))

@hookimpl
def dicomferry_sources():
    yield Component("finds", "finds codes", Options, lambda o, c: Finds(o), "sources: [finds: {}]")

@hookimpl
def dicomferry_sinks():
    yield Component("takes", "takes it", Options, lambda o, c: Takes(o), "sinks: [takes: {}]")
'''


def test_every_code_in_the_source_text_has_a_case() -> None:
    assert codes_in_source() == REJECTED | NOT_LOOKED_INTO | ALL_WELL


@pytest.mark.parametrize(
    "written",
    [
        "NotLookedInto(place, code_of(it), why)",
        "Examined(1, Verdict.REJECTED, f'{this}-{that}', why)",
        "hold([(1, Verdict.REJECTED, table[it], why)])",
        "Refused(*parts)",
        "def held(code: str): return Refused(place, code, why)",
    ],
)
def test_a_code_that_cannot_be_read_from_the_source_text_is_told(
    tmp_path: Path, written: str
) -> None:
    module = tmp_path / "finds.py"
    module.write_text(written)

    with pytest.raises(UnreadableCodeError, match=r"finds\.py:1"):
        codes_in([module])


def test_every_code_that_holds_something_back_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "problems.md").read_text()

    assert {code for code in REJECTED | NOT_LOOKED_INTO if f"`{code}`" not in text} == set()


@pytest.mark.parametrize(
    ("source", "codes", "sink"),
    [
        *(("refused", [code], "stored") for code in sorted(REJECTED)),
        *(("not-looked-into", [code], "stored") for code in sorted(NOT_LOOKED_INTO)),
        *(("refused", [], kind) for kind in SINKS),
    ],
    ids=[*sorted(REJECTED), *sorted(NOT_LOOKED_INTO), *(f"sink-{kind}" for kind in SINKS)],
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


@pytest.mark.parametrize("kind", ["raises", "says-nothing"])
def test_a_source_that_breaks_is_named_with_what_it_had_found_before(
    tmp_path: Path, kind: str
) -> None:
    env = install(tmp_path / "site", "codes", PLUGIN)
    recipe = tmp_path / "codes.yaml"
    with recipe.open("w") as file:
        YAML(typ="safe").dump({
            "recipe": 1, "name": "codes", "sources": [{"finds": {"kind": kind}}],
            "sinks": [{"takes": {"kind": "stored"}}],
        }, file)  # fmt: skip

    for verb in ("plan", "run", "status"):
        told = ferry(verb, recipe, env=env)

        assert told.returncode == (1 if verb == "status" else 2), told.stderr
        assert ("The last plan was not finished" in told.stdout) == (verb == "status")
        assert "stored" not in told.stdout
    assert "sources[0] raised" in (told := ferry("run", recipe, env=env)).stderr
    assert "behind /there/first" in told.stderr
    assert "a bug in dicomferry" not in told.stderr

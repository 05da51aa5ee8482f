"""What plug-ins say of a plan: their codes, their failures, and what a recipe allows."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from dicomferry.engine.plan.problems import find_problems
from dicomferry.host import GROUP, Plugins, Selection, load_plugins
from dicomferry.ledger import Ledger
from dicomferry.ledger.rows import Examined, Facts, Verdict
from dicomferry.model import (
    AutoArchive,
    Because,
    Destination,
    Forecast,
    InstanceRef,
    LocalFile,
    Location,
    Severity,
)
from support.plans import put_plan

Check = Callable[[str], Plugins]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Give a ledger that plans one instance and leaves one file out."""
    ledger = Ledger(tmp_path)
    ref = InstanceRef("1.1", "1.2", "1.3", "1.2.840.10008.5.1.4.1.1.4")
    facts = Facts(ref, "1.2.840.10008.1.2.1", "20090402", "MR", "1")
    forecast = Forecast(
        Destination("P", "S", "E"), Because("a", "b", "c"), AutoArchive.PROJECT_DEFAULT
    )
    put_plan(
        ledger,
        [LocalFile(Location("/a"), 7, 1), LocalFile(Location("/b"), 8, 1)],
        [
            Examined(1, Verdict.READY, "", "", facts, ref, forecast, None, "ab"),
            Examined(2, Verdict.PASSED, "not-dicom", "no DICOM", None, None, None, None, ""),
        ],
    )
    yield ledger
    ledger.close()


@pytest.fixture
def checking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Give a way to have plans checked by a plug-in called `coast`, given the check's body."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def plugins(body: str) -> Plugins:
        stem = f"coast_{tmp_path.name.replace('-', '_')}"
        text = "from dicomferry import FerryError, Problem, Severity, hookimpl\n\n@hookimpl\n"
        check = textwrap.indent(textwrap.dedent(body), "    ")
        (tmp_path / f"{stem}.py").write_text(f"{text}def dicomferry_check_plan(plan):\n{check}")
        return load_plugins(Selection(), [EntryPoint("coast", stem, GROUP)])

    return plugins


def found(ledger: Ledger, plugins: Plugins, *allow: str) -> list[tuple[str, Severity, str]]:
    problems = find_problems(ledger, frozenset(allow), xnat=True, plugins=plugins)
    return [(problem.code, problem.severity, problem.message) for problem in problems]


SMALL = """
for session in plan.sessions():
    if session.size < 10:
        yield Problem("small", f"{session.destination} {session.modalities}", Severity.WARNING)
"""


def test_a_plug_ins_code_has_its_name_in_front(ledger: Ledger, checking: Check) -> None:
    small = ("coast:small", Severity.WARNING, "P / S / E ('MR',)")
    assert found(ledger, checking(SMALL)) == [small]


def test_a_plug_ins_code_is_waived_like_any_other(ledger: Ledger, checking: Check) -> None:
    ((code, severity, message),) = found(ledger, checking(SMALL), "coast:small")
    assert (code, severity) == ("coast:small", Severity.NOTE)
    assert message.endswith("[allowed]")


def test_a_code_of_a_plug_in_that_checks_nothing_is_unknown(
    ledger: Ledger, checking: Check
) -> None:
    plugins = checking("return []")
    codes = [code for code, *_ in found(ledger, plugins, "coast:small", "inland:small", "coast:")]
    assert codes == ["allowed-code-unknown", "allowed-code-unknown"]


def test_a_plan_counts_its_findings_by_verdict(ledger: Ledger, checking: Check) -> None:
    plugins = checking("yield Problem('counts', str(dict(sorted(plan.counts().items()))))")
    ((_, _, message),) = found(ledger, plugins)
    assert message == "{'passed': 1, 'ready': 1}"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise ValueError('DOE^JOHN')", "it raised ValueError"),
        ("yield 1 / 0", "it raised ZeroDivisionError"),
        ("raise FerryError('the list of wards is missing')", "the list of wards is missing"),
        ("return ['a text']", "it answered str, not Problem"),
    ],
)
def test_a_check_that_fails_is_an_error_that_names_the_plug_in(
    ledger: Ledger, checking: Check, body: str, why: str
) -> None:
    message = f"the check of the plug-in 'coast' failed: {why}"
    assert found(ledger, checking(body)) == [("plugin-check-failed", Severity.ERROR, message)]

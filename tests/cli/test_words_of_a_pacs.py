"""What a run says of a PACS that does not bring all: why, and what to do, for a data manager."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest
from msgspec import Struct

from support.cli import ferry
from support.lists import lab, rows, study
from support.scripted_pacs import Script

BUSY = "Data Set does not match: the Query Retrieve Level mu"


class Way(Struct, frozen=True):
    """How a PACS behaves, what is said of it, and what is not."""

    script: Script
    says: tuple[str, ...]
    never: tuple[str, ...] = ("0x0000", "success")


WAYS = {
    "says-done-and-lacks-one": Way(
        Script(loses=("1.2.826.0.2.1.1",)),
        ("it said that it was done, and did not send them", "(hint: see on the PACS whether"),
    ),
    "refuses-to-retrieve": Way(
        Script(refuses=("STUDY", "SERIES", "IMAGE"), comment=BUSY),
        ("0xa900 (the request does not fit the SOP class): Data Set does not match: the Query",
         "(hint: the PACS takes no such request"),
        ("…s not",),
    ),
    "does-not-let-us-ask": Way(
        Script(before_find=lambda _: 0x0124),
        ("0x0124 (not authorized); it named nothing",
         "(hint: have who runs the PACS let our AE title do this)"),
        ("ask more narrowly",),
    ),
    "cannot-process": Way(
        Script(before_find=lambda _: 0xC001, comment="database is down"),
        ("0xc001 (unable to process): database is down; it named nothing",
         "(hint: ask more narrowly, or see the log of the PACS)"),
    ),
    "breaks-off-after-some": Way(
        Script(final=0xA700), ("it may be incomplete (hint: ask more narrowly",)
    ),
    "has-no-such-study": Way(
        Script(lists={"STUDY": 0}),
        ("exactly one study is expected, there is none (hint: see how the PACS writes",),
    ),
}  # fmt: skip


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def told(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Way, CompletedProcess[str]]:
    way: Way = request.param
    held = [study(1), study(2)]
    for one in held:
        one.PatientName = "DOE^DATA"
    with lab(tmp_path, held, rows([1, 2]), way.script) as it:
        return way, ferry("run", it.recipe)


def test_the_reason_and_a_hint_are_told(told: tuple[Way, CompletedProcess[str]]) -> None:
    way, result = told

    assert result.returncode == 1, result.stdout + result.stderr
    for words in way.says:
        assert words.replace("Data Set", "… Set") in result.stdout
    for words in way.never:
        assert words not in result.stdout
    assert "Everything is stored" not in result.stdout


def test_a_name_with_an_apostrophe_is_found_however_a_program_for_texts_writes_it(
    tmp_path: Path,
) -> None:
    held = [study(1), study(2)]
    for one in held:
        one.PatientName = "O'NEIL^MARY"
    text = "Patient Name,Accession Number,Subject\nO'NEIL*,A00001,S1\nO\u2019Neil*,A00002,S2\n"
    with lab(tmp_path, held, text, Script(ignores=("PatientName",))) as it:
        result = ferry("run", it.recipe)
        stored = len(it.xnat.files())

    assert result.returncode == 0, result.stdout + result.stderr
    assert stored == 2
    assert "warning [csv-dqr:typographic] wanted.csv:3:1" in result.stdout

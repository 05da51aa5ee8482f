"""What a run says of a PACS that does not bring all: why, and what to do, for a data manager."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest
from msgspec import Struct

from support.cli import ferry
from support.lists import lab, rows, study
from support.pacs_recipes import MOVER, csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted
from support.servers import free_port, storescp

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
    "names-studies-by-nothing": Way(
        Script(hides=("StudyInstanceUID",)),
        ("something that is no UID (hint: see the log of the PACS, or ask who runs it)",),
        ("ask again later",),
    ),
    "tells-of-more-than-it-lists": Way(
        Script(pretends={"NumberOfSeriesRelatedInstances": "5"}),
        ("lists 1", "[list-incomplete]"),
    ),
    "does-no-c-get": Way(Script(moves_to=9), ("does no C-GET (hint: say retrieve: c-move)",)),
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


def test_a_pacs_that_calls_us_by_another_name_is_told_how_to_be_mended(tmp_path: Path) -> None:
    port = free_port()
    script = Script(moves_to=port, calls="OTHER")
    moves = {"move_ae_title": MOVER, "move_port": port, "timeout": 1}
    with (
        scripted([study(1)], script) as pacs,
        storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = csv_source(tmp_path, rows([1]))
        recipe = pacs_recipe(tmp_path, pacs, xnat, source, retrieve="c-move", **moves)
        result = ferry("run", recipe)

    assert result.returncode == 1
    assert f"did not send them (SCRIPTED at 127.0.0.1 called us OTHER, and we are {MOVER})" in (
        result.stdout
    )
    assert "(hint: have who runs the PACS register our AE title" in result.stdout

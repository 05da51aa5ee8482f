"""A source of which nothing can be brought is a problem of the plan, and stops a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from dicomferry.engine.plan.problems import find_problems
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.rows import Examined, Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Finding, LocalFile, Location, NotLookedInto, Problem, Unusable

Found = Callable[..., list[Problem]]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Plan what the source `disk` found, each file with its verdict and code."""

    def problems(
        *verdicts: tuple[Verdict, str],
        others: Sequence[Finding] = (),
        allow: Sequence[str] = (),
    ) -> list[Problem]:
        with closing(Ledger(tmp_path)) as ledger:
            catalog = PlanWriter(ledger)
            catalog.begin_scan()
            files = [LocalFile(Location(str(i)), 1, 1) for i in range(len(verdicts))]
            catalog.found("disk", [*files, *others])
            catalog.examined("x", [Examined(i, *verdict) for i, verdict in enumerate(verdicts, 1)])
            catalog.plan_made("x")
            return find_problems(ledger, frozenset(allow), xnat=False, sources=["disk"])

    return problems


PASSED = (Verdict.PASSED, "not-dicom")
LEFT_OUT = (Verdict.EXCLUDED, "excluded")


def test_an_empty_source_is_an_error(found: Found) -> None:
    (problem,) = found()
    assert (problem.code, str(problem.severity)) == ("nothing-found", "error")
    assert "'disk' found nothing" in problem.message


def test_a_source_without_any_instance_is_an_error(found: Found) -> None:
    (problem,) = found(PASSED, PASSED)
    assert "2 files, and none is known to be an instance" in problem.message


def test_what_could_not_be_looked_into_is_no_instance(found: Found) -> None:
    cut = NotLookedInto(Location("/a.zip"), "broken-archive", "cut")
    (problem,) = found(others=[cut, Unusable(Location("/pipe"), "not-a-file", "a pipe")])
    assert problem.code == "nothing-found"


def test_a_filter_that_leaves_everything_out_is_an_error(found: Found) -> None:
    (problem,) = found(LEFT_OUT, LEFT_OUT, PASSED)
    assert "leaves out all 2" in problem.message


@pytest.mark.parametrize(
    "kept", [(Verdict.READY, ""), (Verdict.REJECTED, "damaged"), (Verdict.EXCLUDED, "not-chosen")]
)
def test_a_source_with_anything_else_has_found_something(
    found: Found, kept: tuple[Verdict, str]
) -> None:
    assert found(kept, LEFT_OUT, PASSED) == []


def test_a_recipe_can_allow_it(found: Found) -> None:
    (problem,) = found(allow=["nothing-found"])
    assert str(problem.severity) == "note"


def test_a_row_that_finds_nothing_is_an_error_that_can_be_allowed(found: Found) -> None:
    row = Unusable(Location("/list.csv", "row 2 (line 3)"), "nothing-found", "no study")

    (problem,) = found((Verdict.READY, ""), others=[row])
    assert problem.code == "nothing-found"
    assert "nothing for 1 row" in problem.message


def test_rows_that_all_find_nothing_are_an_error(found: Found) -> None:
    rows = [Unusable(Location("/list.csv", f"row {i}"), "nothing-found", "none") for i in (1, 2)]

    (problem,) = found(others=rows, allow=["nothing-found"])
    assert "'disk' found nothing" in problem.message
    assert str(problem.severity) == "note"

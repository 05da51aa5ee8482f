"""A recipe tried on its own tests, and two recipes tried on the same instances."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from dicomferry.engine.trial.contrast import Contrast, SettingContrast
from dicomferry.engine.trial.expectation import Result, UnmetExpectation


class UnmetRecord(Struct, frozen=True):
    """One expectation that is not met; None is an attribute that is not there."""

    path: str
    file: str | None
    line: int | None
    column: int | None
    expected: str | bool | None
    actual: str | None
    why: str


class TrialRecord(Struct, frozen=True):
    """What came of one test of a recipe, which is `tests[number]` there."""

    number: int
    name: str
    passed: bool
    differences: tuple[UnmetRecord, ...]


class TrialReport(Struct, frozen=True):
    """What came of the tests; `updated` is how many of them were rewritten."""

    passed: bool
    updated: int
    tests: tuple[TrialRecord, ...]


class ContrastReport(Struct, frozen=True):
    """How two recipes differ in effect, on `compared` instances."""

    same: bool
    compared: int
    settings: tuple[SettingContrast, ...]
    effects: tuple[Contrast, ...]


def trial_report(results: Sequence[Result], updated: int) -> TrialReport:
    """Return what came of a recipe's tests as a report."""
    tests = tuple(
        TrialRecord(
            result.number, result.name, result.passed,
            tuple(_unmet(result, difference) for difference in result.differences),
        )
        for result in results
    )  # fmt: skip
    return TrialReport(all(test.passed for test in tests), updated, tests)


def contrast_report(
    settings: Sequence[SettingContrast], effects: Sequence[Contrast], compared: int
) -> ContrastReport:
    """Return how two recipes differ as a report."""
    same = compared > 0 and not settings and not effects
    return ContrastReport(same, compared, tuple(settings), tuple(effects))


def _unmet(result: Result, difference: UnmetExpectation) -> UnmetRecord:
    place = difference.place
    return UnmetRecord(
        path=".".join([f"tests[{result.number}]", *difference.path]),
        file=place.file if place else None,
        line=place.line if place else None,
        column=place.column if place else None,
        expected=difference.expected,
        actual=difference.actual,
        why=difference.why,
    )

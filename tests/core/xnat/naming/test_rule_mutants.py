"""A wrong rule is noticed by what XNAT's own classes said, which shares no code with the rules.

A few of the mutants are tried in every run of the suite, all of them where
`DICOMFERRY_ALL_MUTANTS` is set. The receiver does not tell over the wire what it archives.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.rule_mutants import CHOSEN, MUTANTS

ROOT = Path(__file__).parents[4]
NAMING = "tests/core/xnat/naming"
JUDGES = {
    "forecast": (
        f"{NAMING}/test_identification_vectors.py",
        f"{NAMING}/test_java_vectors.py::test_xnat_is_forecast_as_its_own_classes_say",
    ),
    "wire": ("tests/plugins/stand_in/test_java_vectors_by_wire.py",),
}
ALL = bool(os.environ.get("DICOMFERRY_ALL_MUTANTS"))
SEEN = [name for name in MUTANTS if not name.startswith("auto-archive")]
TRIED = [
    *(("forecast", name) for name in (MUTANTS if ALL else list(MUTANTS)[::5])),
    *(("wire", name) for name in (SEEN if ALL else SEEN[::10])),
]


def judged(judge: str, mutant: str = "") -> subprocess.CompletedProcess[str]:
    """Run the tests of a judge on a mutant, or on the rules as they are."""
    options = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "support.rule_mutants")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *JUDGES[judge]],
        cwd=ROOT,
        env={**os.environ, CHOSEN: mutant, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.mark.parametrize(("judge", "mutant"), TRIED)
def test_a_wrong_rule_turns_a_test_red(judge: str, mutant: str) -> None:
    result = judged(judge, mutant)
    assert result.returncode == 1, result.stdout[-2000:] + result.stderr[-2000:]
    assert "AssertionError" in result.stdout or "assert" in result.stdout


def test_the_rules_as_they_are_turn_none_red() -> None:
    result = judged("forecast")
    assert result.returncode == 0, result.stdout[-2000:]

"""`docs/problems.md` and the codes say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dicomferry.engine.plan.problems import known_codes
from dicomferry.engine.plan.problems.kinds import problem

DOCS = Path(__file__).parents[5] / "docs" / "problems.md"
SECTION = re.compile(r"^### (\S+)\n(.*?)(?=^#|\Z)", re.DOTALL | re.MULTILINE)
SECTIONS = dict(SECTION.findall(DOCS.read_text(encoding="utf-8")))


def test_every_code_is_documented_and_no_other() -> None:
    assert set(SECTIONS) == known_codes()


@pytest.mark.parametrize("code", sorted(known_codes()))
def test_a_section_says_how_much_why_and_what_to_do(code: str) -> None:
    known = problem(code, "")
    assert f"*{str(known.severity).capitalize()}.*" in SECTIONS[code]
    assert known.why in SECTIONS[code]
    assert known.hint in SECTIONS[code]

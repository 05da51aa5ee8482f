"""Java's patterns: `java_regex.json` holds what JDK 17 itself answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.routing.java_errors import JavaSyntaxError
from dicomferry.xnat.routing.java_regex import java_pattern

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("java_regex.json").read_text())
REFUSED = [case["pattern"] for case in CASES if case["java"] == "PatternSyntaxException"]
TAKEN = [case for case in CASES if case["java"] != "PatternSyntaxException"]


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: ascii(case["pattern"]))
def test_a_pattern_matches_what_it_matches_in_java(case: dict[str, Any]) -> None:
    match = java_pattern(case["pattern"]).matches(case["text"])
    groups = None if match is None else [match[0], *match.groups()]
    assert groups == case["java"]["groups"]


@pytest.mark.parametrize("case", TAKEN, ids=lambda case: ascii(case["pattern"]))
def test_replacing_all_gives_what_java_gives(case: dict[str, Any]) -> None:
    try:
        replaced = java_pattern(case["pattern"]).replace_all(case["text"], case["replacement"])
    except JavaSyntaxError:
        replaced = None
    assert replaced == case["java"]["replaced"]


@pytest.mark.parametrize("pattern", REFUSED, ids=ascii)
def test_what_java_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(JavaSyntaxError):
        java_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "[a-z&&[^b]]",
        "[a[bc]]",
        r"\p{L}+",
        r"(?i)\p{Lower}",
        "(?x)a b",
        "(?u)a",
        r"\Ga",
        r"\X",
        r"\b{g}",
        "(?<=a*)b",
        "a{2}{3}",
        r"\2(a)",
        r"[\H]",
        r"\ud83d",
        "(?!(a))b",
        "((?i){2})",
    ],
)
def test_what_cannot_be_told_is_refused_and_says_so(pattern: str) -> None:
    with pytest.raises(UnforeseeableError, match="cannot be forecast"):
        java_pattern(pattern)

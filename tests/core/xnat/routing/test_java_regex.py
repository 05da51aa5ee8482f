"""Java's patterns: `java_regex.json` holds what JDK 17 itself answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.routing.java_errors import JavaSyntaxError
from dicomferry.xnat.routing.java_regex import java_pattern
from support.ask_java import compare

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
        "[^a-z&&[^b]]",
        "[^a[bc]]",
        "[a&&]",
        "[a&&&b]",
        r"\p{Foo}",
        r"(?i)\p{Lower}",
        r"(?i)\p{Lu}",
        "(?iu)\u00fc",
        "(?x)[a b]",
        "(?x)a{1, 2}",
        "(?x)( ?:a)",
        r"\b{g}",
        r"\N{DIGIT ONE}",
        "(?<=a*)b",
        r"\2(a)",
        r"[\X]",
        r"\ud83d",
        "(?!(a))b",
        "(a|b)?+",
    ],
)
def test_what_cannot_be_told_is_refused_and_says_so(pattern: str) -> None:
    with pytest.raises(UnforeseeableError, match="cannot be forecast"):
        java_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\p{L}+", "a\u0527"),  # a letter since Unicode 6.0
        (r"\p{L}+", "\U0001d400"),
        (r"\p{IsAlphabetic}", "\u00fc"),
        ("(?iu)k", "\u212a"),
        (r"(?U)\w", "\u00fc"),
        (r"\X", "u\u0308"),
    ],
)
def test_a_text_that_releases_of_java_read_otherwise_is_refused(pattern: str, text: str) -> None:
    with pytest.raises(UnforeseeableError):
        java_pattern(pattern).matches(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\p{Lu}\p{Ll}+", "\u00dcber"),
        ("[a-z&&[^b]]+", "acz"),
        ("[a[bc]]+", "abc"),
        ("(?u)a", "a"),
        ("(?iu)stra.e", "STRASE"),
        ("(?x) a b # why", "ab"),
        (r"\Ga", "a"),
        (r"\X\X", "a\r\n"),
        (r"\QA.b\E+", "A.bb"),
        ("[^\\H]", " "),
        ("a{2}{3}", "aa"),
    ],
)
def test_what_java_has_beyond_python_matches(pattern: str, text: str) -> None:
    assert java_pattern(pattern).matches(text) is not None


ANSWERS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("java_answers.json").read_text()
)


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: ascii(case["pattern"]))
def test_no_generated_pattern_is_answered_otherwise_than_by_java(case: dict[str, Any]) -> None:
    assert compare(case) in ("same", "unknown")


def test_most_generated_patterns_are_understood() -> None:
    same = [case for case in ANSWERS if compare(case) == "same"]
    assert len(same) > 0.7 * len(ANSWERS)

"""What is read of a script, and what is named as not understood."""

from __future__ import annotations

import pytest

from dicomferry.dicom.dictionary import tag_of
from dicomferry.xnat.scripts.default import DEFAULT_SCRIPT
from dicomferry.xnat.scripts.parsing import read_script
from dicomferry.xnat.scripts.statements import Assign, NotUnderstood, Remove, Text, Variable

VERSION = 'version "6.1"\n'
NAME, ID, BIRTH = 0x00100010, 0x00100020, 0x00100030


def unclear(*lines: str) -> tuple[NotUnderstood, ...]:
    return read_script(VERSION + "\n".join(lines)).not_understood


def test_xnats_own_script_is_understood_completely() -> None:
    script = read_script(DEFAULT_SCRIPT)
    assert not script.not_understood
    keywords = ("StudyDescription", "PatientName", "PatientID")
    assert script.touched == tuple(map(tag_of, keywords))


def test_comments_blank_lines_and_line_ends_are_no_statements() -> None:
    text = (
        '// header\r\nversion "6.1"\r\n\r\n  (0010,0010) := "A // B"  // why\r\n-(0010,0030)//\r\n'
    )
    assert read_script(text).statements == (Assign(NAME, Text("A // B")), Remove(BIRTH))


def test_one_line_may_hold_two_statements() -> None:
    (first, second) = read_script(
        f"{VERSION}(0010,0010) := subject (0010,0020) := session"
    ).statements
    assert first == Assign(NAME, Variable("subject"))
    assert second == Assign(ID, Variable("session"))


def test_a_line_goes_on_behind_a_backslash() -> None:
    (statement,) = read_script(f"{VERSION}(0010,0010) := \\\n subject").statements
    assert statement == Assign(NAME, Variable("subject"))


def test_a_backslash_is_doubled_in_a_string() -> None:
    (statement,) = read_script(VERSION + r'(0010,0010) := "a\\b"').statements
    assert statement == Assign(NAME, Text(r"a\b"))


@pytest.mark.parametrize(
    ("line", "touches"),
    [
        ('(0008,0020) := shiftDateByIncrement[(0008,0020), "-5"]', {0x00080020}),
        ("(0020,000D) := hashUID[(0020,000D)]", {0x0020000D}),
        ('(0010,0010) := lowercase[concatenate["a", subject]]', {NAME}),
        ("(0010,0010) := nobody", {NAME}),
        ('(0040,0275)[0]/(0040,0007) := "x"', {0x00400275}),
        ("-(0040,0275)[%]/(0010,0010)", {0x00400275}),
        ("(0010,0010) := sideEffect[]", None),
        ("(0010,0010) := hashUID[set[(0010,0020)]]", None),
        ("(0010,0010) := lowercase[subject] -(0010,0030)", None),
        ("(0010,0010) := nobody -(0010,0030)", None),
        ("-(0010,00XX)", None),
        ("-(0010,001@)", None),
        ("*/(0010,0010) := subject", None),
        ('(0019,{SIEMENS CSA}10) := "x"', None),
        ('(0009,1010) := "x"', None),
        ("removeAllPrivateTags", None),
        ('reject["no"]', None),
        ('match[(0010,0010), "A"] ? -(0010,0010)', None),
        ('if (project = "A") { -(0010,0010) }', None),
        ('(0008,0005) := "ISO_IR 192"', None),
        ('(0002,0010) := "1.2"', None),
        ("-(7FE0,0010)", None),
        ('x := "x"', None),
        ('(0010,0010) := "a\\.b"', {NAME}),
        ("echo subject", None),
    ],
)
def test_all_else_is_named_with_its_line_and_with_what_it_touches(
    line: str, touches: set[int] | None
) -> None:
    (found,) = unclear("", line)
    assert (found.line, found.text) == (3, line)
    assert found.touches == (None if touches is None else frozenset(touches))


def test_a_block_of_several_lines_is_one_statement() -> None:
    lines = (
        'if (project = "A") {',
        '  (0010,0010) := "}"',
        "}",
        "else { -(0010,0010) }",
        "-(0010,0030)",
    )
    (found,) = unclear(*lines)
    assert found.line == 2
    assert "else" in found.text
    assert read_script(VERSION + "\n".join(lines)).statements[-1] == Remove(BIRTH)


@pytest.mark.parametrize(
    "text", ["-(0010,0010)", 'version "4.2"\n-(0010,0010)', '  version "6.1"\n']
)
def test_a_script_for_another_dicomedit_is_not_understood_at_all(text: str) -> None:
    (found,) = read_script(text).statements
    assert isinstance(found, NotUnderstood)
    assert found.touches is None


def test_an_empty_script_does_nothing() -> None:
    assert read_script(" \n").statements == ()

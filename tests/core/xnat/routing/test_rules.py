"""Custom routing rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomferry.dicom.edits import Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.xnat.reading.dcm4che3 import Dcm4che3
from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.routing.rules import RuleError, parse_rule, parse_rules, rule_lines

MakeHeader = Callable[..., Header]


def extract(line: str, header: Header) -> str | None:
    return parse_rule("rule", line).extract(header, Dcm4che3())


@pytest.mark.parametrize(
    ("line", "value", "found"),
    [
        (r"(0008,1030):^(.*)_.*$:1", "NEURO_BRAIN_MR", "NEURO_BRAIN"),
        (r"(0008,1030):(\w+)_.*", "ALZ_MR", "ALZ"),
        (r"(0008,1030):(\w+)", "ALZ MR", None),
        (r"(0008,1030):.*Project:\s*(\w+).*:1", "see Project: P1 now", "P1"),
        (r"(0008,1030):(.*):1 t:.+ r:PROJ", "anything", "PROJ"),
        (r"(0008,1030):(.*):1 t:_ r:", "A_B", "AB"),
        (r"(0008,1030):(.*):1 t:(\w)_(\w) r:$2_$1", "A_B", "B_A"),
        (r"(0008,1030):(.*):0", "whole", "whole"),
        (r"(0008,1030):(a)|b", "b", None),
        (r"  (0008,1030):(.*)  ", "trimmed", "trimmed"),
    ],
)
def test_a_rule_finds(header: MakeHeader, line: str, value: str, found: str | None) -> None:
    assert extract(line, header(StudyDescription=value)) == found


def test_a_rule_sees_64_characters_and_no_more(header: MakeHeader) -> None:
    assert extract(r"(0010,4000):.*(.{3})", header(PatientComments="x" * 70 + "ABC")) == "xxx"


def test_a_rule_with_replacement_sees_all(header: MakeHeader) -> None:
    line = r"(0010,4000):.*(.{3}):1 t:A r:Z"
    assert extract(line, header(PatientComments="x" * 70 + "ABC")) == "ZBC"


def test_characters_are_counted_as_java_counts_them(header: MakeHeader) -> None:
    comment = "\U0001f9e0" * 40
    found = extract(
        "(0010,4000):(.*)", header(SpecificCharacterSet="ISO_IR 192", PatientComments=comment)
    )
    assert found == "\U0001f9e0" * 32


def test_a_missing_element_gives_nothing(header: MakeHeader) -> None:
    assert extract("(0008,1030):(.*)", header()) is None


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "(0008, 1030):(.*)",
        "(0008,103):(.*)",
        "(0008,1030)(.*)",
        "(0008,1030):",
        " ",
        "# (0008,1030):(.*)",
        "(0008,1030):(",
        "(7FFF,0010):(.*):99999999999",
    ],
)
def test_a_line_xnat_cannot_parse_is_an_error(line: str) -> None:
    with pytest.raises(RuleError):
        parse_rule("rule", line)


def test_groups_above_7fff_are_for_the_newer_xnat(header: MakeHeader) -> None:
    line = "(8001,0010):(.*)"
    rule = parse_rule("rule", line)

    assert rule.extract(header(), Dcm4che3()) is None
    with pytest.raises(RuleError, match=r"up to 1\.9"):
        parse_rule("rule", line, high_groups=False)


def test_what_a_group_above_7fff_holds_depends_on_the_release(header: MakeHeader) -> None:
    given = header().edited(Edits.of([Set((0x80010010,), b"x ", "LO")]))

    with pytest.raises(UnforeseeableError, match="releases"):
        parse_rule("rule", "(8001,0010):(.*)").extract(given, Dcm4che3())


def test_a_regex_that_cannot_be_told_is_an_error_of_its_own() -> None:
    with pytest.raises(UnforeseeableError):
        parse_rule("rule", r"(0008,1030):([^a[bc]])")


@pytest.mark.parametrize(
    "line",
    [
        "(0008,1030):(.*):2",
        "(0008,1030):.*",
        "(0008,1030):(.*) t:( r:x",
        "(0008,1030):(.*) t:x r:$3",
        "(0008,1030):(.*) t:x r:$",
    ],
)
def test_a_rule_that_throws_at_a_match_throws_only_there(header: MakeHeader, line: str) -> None:
    rule = parse_rule("rule", line)
    assert rule.extract(header(), Dcm4che3()) is None
    assert list(rule.faults())
    with pytest.raises(RuleError):
        rule.extract(header(StudyDescription="x"), Dcm4che3())


def test_a_regex_ending_in_a_number_is_read_as_a_group() -> None:
    assert parse_rule("rule", "(0008,1030):a(.*):7").group == 7


def test_empty_lines_are_skipped() -> None:
    assert rule_lines(["a\n\nb\r\n", "c\u2028d"]) == ["a", "b", "c", "d"]


def test_one_bad_line_spoils_its_level() -> None:
    chain = parse_rules("site", ["(0008,1030):(.*)\nnonsense"])
    with pytest.raises(RuleError, match="site rule 2"):
        chain.check()

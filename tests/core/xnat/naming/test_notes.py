"""What a forecast notes: a project taken to exist, and what XNAT's patterns do not see."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dicomferry.dicom.header import Header
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification, RoutingRules, SiteRules
from dicomferry.xnat.reading.generation import Generation

MakeHeader = Callable[..., Header]


def notes(header: Header, **rules: list[str]) -> tuple[str, ...]:
    options = Identification(
        xnat=Generation.XNAT_1_9,
        projects=["P1"],
        site=SiteRules(),
        receiver=RoutingRules(**rules),
    )
    return ClassicIdentifier(options).forecast(header).notes


@pytest.mark.parametrize(
    "comment",
    [
        "Project:P1\nSubject:S1\nSession:E1",
        "Project:P1\r\nSubject:S1",
        "Project:P1 Subject:S1\r\n",
    ],
)
def test_a_comment_that_loses_keys_at_its_line_ends_is_noted(
    header: MakeHeader, comment: str
) -> None:
    assert notes(header(PatientComments=comment)) == ("comment-of-several-lines",)


@pytest.mark.parametrize(
    "comment",
    ["Project:P1 Subject:S1 Session:E1", "walked in\nat nine", "Project:P1\nSubject:S1"],
)
def test_a_comment_that_loses_nothing_is_not_noted(header: MakeHeader, comment: str) -> None:
    assert notes(header(PatientComments=comment)) == ()


def test_a_value_beyond_a_rules_window_is_noted(header: MakeHeader) -> None:
    long = header(PatientComments="x" * 65)
    assert notes(long, subject=["(0010,4000):(.*)"]) == ("value-longer-than-rule-window",)


def test_a_rule_with_replacement_has_no_window(header: MakeHeader) -> None:
    long = header(PatientComments="x" * 65)
    assert notes(long, subject=["(0010,4000):(.*) t:x r:y"]) == ()


def test_a_project_that_is_taken_to_exist_is_noted(header: MakeHeader) -> None:
    undeclared = ClassicIdentifier(Identification())
    assert undeclared.forecast(header(StudyDescription="P1")).notes == ("projects-not-declared",)


def test_where_no_project_is_found_there_is_none_to_note(header: MakeHeader) -> None:
    undeclared = ClassicIdentifier(Identification())
    nowhere = header(StudyDescription="two words", AccessionNumber="")
    assert undeclared.forecast(nowhere).notes == ()


def test_a_declared_project_is_not_noted(header: MakeHeader) -> None:
    assert notes(header(StudyDescription="P1")) == ()


def test_where_the_generations_differ_both_are_noted(header: MakeHeader) -> None:
    undeclared = ClassicIdentifier(Identification(projects=["P1"]))
    given = header(StudyDescription="P1", PatientName="DOE^JOHN^^^", PatientID="7")
    assert undeclared.forecast(given).notes == (
        "generations-differ:P1/DOE_JOHN___/7|P1/DOE_JOHN/7",
    )

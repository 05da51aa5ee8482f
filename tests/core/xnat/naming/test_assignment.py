"""Assignments in comments."""

from __future__ import annotations

import pytest

from dicomferry.xnat.naming.assignment import Key, assigned


@pytest.mark.parametrize(
    ("comment", "subject"),
    [
        ("Subject:S1", "S1"),
        ("subject : S1", "S1"),
        ("x,Subject:S1;y", "S1"),
        ("Subject:S 1", "S"),
        ("Subject:S.1", None),
        ("Subject:", ""),
        ("SubjectID:S1", None),
        ("MySubject:S1", None),
        ("(Subject:S1)", None),
        ("Subject=S1", None),
        ("Subject:Müller", None),
        ("Subject:S1 Subject:S2", "S1"),
        ("x Subject:S1 Subject:S2", "S2"),
        ("Project:P1\nSubject:S1", "S1"),
        ("Project:P1\nSubject:S1\nSession:E1", "S1"),
        ("Project:P1\r\nSubject:S1\r\nSession:E1", None),
        ("Subject:S1\n", "S1"),
        ("Subject:S1 x\n", None),
        ("Subject:S1\r\n", None),
        ("Subject:S1\u2028x y", None),
        ("\u017fubject:S1", None),
        ("", None),
    ],
)
def test_an_assignment_is_read_as_xnat_reads_it(comment: str, subject: str | None) -> None:
    assert assigned(Key.SUBJECT, comment) == subject

"""`dicomferry csv explain`: what a file would ask, without asking anyone."""

from __future__ import annotations

import json
from pathlib import Path

from support.cli import ferry


def test_it_shows_queries_relabelling_and_problems_for_machines(tmp_path: Path) -> None:
    file = tmp_path / "wanted.csv"
    file.write_text("Modality,Study Date,Subject,Session\nPT,20110331,Subj002,Subj002_PT\n")

    result = ferry("csv", "explain", file, "--format", "json")

    assert result.returncode == 0
    told = json.loads(result.stdout)
    assert told["rows"] == [
        {
            "row": 1,
            "line": 2,
            "query": {"ModalitiesInStudy": "PT", "StudyDate": "20110331"},
            "relabel": {
                "PatientName": "Subj002",
                "PatientID": "Subj002",
                "StudyID": "Subj002_PT",
                "AccessionNumber": "Subj002_PT",
            },
        }
    ]
    assert [sorted(p) for p in told["problems"]] == [
        ["code", "column", "line", "message", "severity"]
    ]


def test_a_file_with_errors_ends_with_two(tmp_path: Path) -> None:
    file = tmp_path / "wanted.csv"
    file.write_text("Acession Number\n1\n")

    result = ferry("csv", "explain", file)

    assert result.returncode == 2
    assert "did you mean 'Accession Number'?" in result.stdout


def test_a_file_that_is_not_there_ends_with_two(tmp_path: Path) -> None:
    result = ferry("csv", "explain", tmp_path / "no.csv")

    assert result.returncode == 2
    assert "cannot be read" in result.stderr

"""Queries to real servers: every answer counts, and a series is chosen by what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dicomferry.dimse import Peer
from dicomferry_plugins._pacs.query import (
    SERIES,
    IncompleteAnswerError,
    TooManyAnswersError,
    open_query,
)
from dicomferry_plugins._pacs.search import find_contents, find_studies
from support import pacs, servers
from support.instances import image
from support.scripted_pacs import Script, scripted


def peer(server: pacs.Pacs) -> Peer:
    return Peer(server.host, server.port, server.ae_title, "FERRY")


def test_no_answer_is_lost_over_many_queries(tmp_path: Path, dcmtk: Callable[[str], str]) -> None:
    dcmtk("dcmqrscp")
    for number in range(1, 6):
        pacs.study(tmp_path / "in", number, series=2)
    counts = []
    with servers.dcmqrscp(tmp_path / "pacs") as server:
        pacs.fill(server, tmp_path / "in")
        with open_query(peer(server)) as query:
            for _ in range(20):
                found = find_studies(query, {"PatientID": "P*"}, 10).studies
                whole = [find_contents(query, study, lambda _series: True) for study in found]
                counts.append(sum(len(s.instances) for study in whole for s in study.series))

    assert counts == [20] * 20


def find_by(script: Script) -> None:
    """Ask a PACS with one study for ten at most."""
    held = [image({"StudyInstanceUID": "1.2", "SOPInstanceUID": "1.3"})]
    with scripted(held, script) as server, open_query(peer(server)) as query:
        find_studies(query, {"PatientID": ""}, 10)


def test_series_are_asked_for_by_the_patient_root_though_no_study_was() -> None:
    uids = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.1", "SOPInstanceUID": "1.3"}
    held = [image({**uids, "PatientID": "P1"})]
    with scripted(held, Script(patient_root=True)) as server, open_query(peer(server)) as query:
        found = query.find(SERIES, {"StudyInstanceUID": "1.2"}, 10)

    assert [one["SeriesInstanceUID"] for one in found] == ["1.2.1"]


def test_more_answers_than_meant_are_an_error() -> None:
    with pytest.raises(TooManyAnswersError, match="more than 10 answers"):
        find_by(Script(answers=50))


def test_any_final_status_but_success_is_an_error() -> None:
    with pytest.raises(IncompleteAnswerError, match="0xfe00"):
        find_by(Script(final=0xFE00))

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dicomferry.dicom.header import Header
from dicomferry.model import Destination
from dicomferry_plugins.xnat_identifiers import dicomferry_identifiers

OFFERED = {component.name: component for component in dicomferry_identifiers()}


def test_classic_and_dqr_are_offered() -> None:
    assert list(OFFERED) == ["classic", "dqr"]


def test_classic_is_built_with_the_declared_rules(
    build: Callable[..., Any], header: Callable[..., Header]
) -> None:
    said = {"projects": ["P"], "site": {"subject": [r"(0010,0020):MC(\d+)"]}}
    classic = build(OFFERED["classic"], **said)

    forecast = classic.forecast(header(StudyDescription="P", PatientID="MC7", PatientName="X"))
    assert forecast.destination == Destination("P", "7", "MC7")


def test_dqr_is_built_with_the_declared_routing(
    build: Callable[..., Any], header: Callable[..., Header]
) -> None:
    dqr = build(OFFERED["dqr"], projects=["P"], routing={"1.2": "P"})

    forecast = dqr.forecast(header(StudyInstanceUID="1.2", PatientName="X", StudyID="E"))
    assert forecast.destination == Destination("P", "X", "E")


@pytest.mark.parametrize(
    ("identification", "path"),
    [
        ({"site": {"project": ["not a rule"]}}, "site.project[0]"),
        ({"identifier": "dqr", "receiver": {"subject": ["(0010,0020):(.*)"]}}, "receiver"),
    ],
)
def test_a_rule_xnat_would_not_take_is_a_fault(
    faults: Callable[..., dict[str, str]], identification: dict[str, Any], path: str
) -> None:
    found = faults("servers", "xnat", dicom={"host": "h"}, identification=identification)

    assert list(found) == [f"identification.{path}"]

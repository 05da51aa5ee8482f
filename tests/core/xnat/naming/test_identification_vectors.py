"""Every identification vector: data sets, a server's rules, and the labels XNAT gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydicom import Dataset

from dicomferry.dicom.header import Header
from dicomferry.model import Forecast
from dicomferry.xnat.filing.first_session import FirstSessions, ForecastArrival
from dicomferry.xnat.naming.identifiers import ClassicIdentifier, DqrIdentifier
from dicomferry.xnat.naming.import_parameters import ImportParameters
from dicomferry.xnat.naming.options import Identification

Vector = dict[str, Any]
VECTORS: list[Vector] = json.loads(Path(__file__).with_name("identification.json").read_text())


def options_of(server: Vector) -> Identification:
    receiver = {key: rules for key, rules in server["receiver_rules"].items() if key != "aa"}
    return msgspec.convert(
        {
            "xnat": "1.9",
            "projects": server["projects"],
            "site": server["site_rules"],
            "receiver": receiver,
            "routing": server["routing"],
        },
        Identification,
    )


def forecasts_of(vector: Vector) -> list[Forecast]:
    options = options_of(vector["server"])
    headers = [Header.of(Dataset.from_json(data)) for data in vector["datasets"]]
    if vector["server"]["identifier"] == "dqr":
        dqr, sessions = DqrIdentifier(options), FirstSessions()
        return [
            sessions.settle(ForecastArrival(header.ref.study_instance_uid, dqr.forecast(header)))
            for header in headers
        ]
    classic = ClassicIdentifier(options)
    if vector["transport"] == "rest":
        parameters = ImportParameters.of(vector["rest_parameters"])
        return [classic.forecast_import(header, parameters) for header in headers]
    return [classic.forecast(header) for header in headers]


@pytest.mark.filterwarnings("ignore:The value length")  # A60 has 73 characters on purpose
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['id']}")
def test_xnat_is_forecast_as_the_vector_says(vector: Vector) -> None:
    for forecast, expected in zip(forecasts_of(vector), vector["expect"], strict=True):
        found = {
            "project": forecast.destination.project,
            "subject": forecast.destination.subject,
            "session": forecast.destination.session,
            "auto_archive": str(forecast.auto_archive),
            "refused": forecast.refused is not None,
        }
        ignored = expected.get("ignore", [])
        compared = {key: value for key, value in expected.items() if key in found}
        assert {key: found[key] for key in compared if key not in ignored} == {
            key: value for key, value in compared.items() if key not in ignored
        }

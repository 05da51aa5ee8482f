"""The forecast against what XNAT's own classes said, for both generations."""

from __future__ import annotations

from collections import Counter

import pytest

from dicomferry.dicom.elements import Elements
from dicomferry.dicom.header import Header
from dicomferry.dicom.syntax import EXPLICIT, IMPLICIT
from dicomferry.model import Forecast
from dicomferry.xnat.naming.classic import refused_without_uids
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from support.java_vectors import (
    GENERATIONS,
    Vector,
    data_set,
    is_firm,
    is_implicit,
    java_vectors,
    options_of,
    raw_vectors,
    said,
)

VECTORS, RAW = java_vectors(), raw_vectors()


def header_of(vector: Vector) -> Header:
    return Header(Elements.of(data_set(vector), IMPLICIT if is_implicit(vector) else EXPLICIT))


def forecast(vector: Vector, generation: str) -> Forecast:
    identifier = ClassicIdentifier(options_of(vector["server"], generation))
    header = header_of(vector)
    return refused_without_uids(header) or identifier.forecast(header)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['id']}-{vector['class']}")
def test_xnat_is_forecast_as_its_own_classes_say(vector: Vector, generation: str) -> None:
    found = said(forecast(vector, generation))
    if "unknown" in found:
        assert vector.get("unknown_allowed") or not is_firm(vector, generation)
    elif is_firm(vector, generation):
        assert found == vector["expect"][GENERATIONS[generation]]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_little_is_left_untold(generation: str) -> None:
    untold = Counter(
        vector["class"] for vector in VECTORS if "unknown" in said(forecast(vector, generation))
    )
    # rules that are not translated, and text that the JVM of the server decodes
    assert set(untold) <= {
        "java-regex-untranslated", "java-regex-captures", "java-regex-edges", "jvm-charset",
    }  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['id']}-{vector['class']}")
def test_without_a_generation_a_difference_is_noted(vector: Vector) -> None:
    declared = options_of(vector["server"], "1.10")
    both = ClassicIdentifier(
        Identification(
            projects=declared.projects,
            site=declared.site,
            receiver=declared.receiver,
            routing=declared.routing,
        )
    ).forecast(header_of(vector))
    one, other = (said(forecast(vector, generation)) for generation in ("1.10", "1.9"))
    for name in (one, other):
        name.pop("auto_archive", None)
    noted = any(note.startswith("generations-differ:") for note in both.notes)
    assert noted == (one != other)


@pytest.mark.parametrize("vector", RAW, ids=lambda vector: f"{vector['id']}")
def test_values_as_they_lie_in_a_file_are_forecast_for_both(vector: Vector) -> None:
    library = vector["xnat_generation"]
    own = next(name for name, by in GENERATIONS.items() if by == library)
    other = next(name for name in GENERATIONS if name != own)
    for generation, expected in ((own, vector["expect"][0]), (other, vector["other_generation"])):
        found = said(forecast(vector, generation))
        if "unknown" in found:
            assert "JVM" in vector["note"]
        else:
            assert found == found | expected

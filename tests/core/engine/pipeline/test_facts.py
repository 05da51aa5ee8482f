"""Facts of a series that are read once are those that each header has."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from hypothesis import given, strategies as st

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.shapes import Shapes
from dicomferry.engine.pipeline.facts import FactsReader
from dicomferry.errors import FerryError
from dicomferry.ledger.rows import Facts
from dicomferry.model import Location
from support.instances import image, part10

WHEEL = Path(pydicom.__file__).parent / "data" / "test_files"


def facts(data: bytes, reader: FactsReader, shapes: Shapes | None = None) -> Facts | None:
    try:
        with open_instance(BytesBlob(data), Location("a file"), shapes=shapes) as instance:
            return reader.read(instance.header, instance.transfer_syntax_uid)
    except FerryError:
        return None


def made(values: tuple[str, ...]) -> bytes:
    names = ("SpecificCharacterSet", "SOPInstanceUID", "StudyDate", "Modality", "SeriesNumber")
    given = {name: value for name, value in zip(names, values, strict=True) if value != "absent"}
    elements = {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.2", "SOPInstanceUID": "1.3"}
    return part10(image(elements | given))


VALUES = st.tuples(
    st.sampled_from(["ISO_IR 100", "ISO_IR 192", "absent"]),
    st.sampled_from(["1.3", "1.4", "1.3.1"]),
    st.sampled_from(["20050102", "20050103", "", "absent"]),
    st.sampled_from(["MR", "CT", "", "absent"]),
    st.sampled_from(["1", "2", "12", "", "absent"]),
)


@given(files=st.lists(VALUES, min_size=1, max_size=8))
def test_facts_read_after_others_are_those_read_alone(files: list[tuple[str, ...]]) -> None:
    reader, shapes = FactsReader(), Shapes()

    for data in map(made, [*files, *files, *files]):
        assert facts(data, reader, shapes) == facts(data, FactsReader())


def test_facts_of_pydicoms_files_are_the_same_in_any_company() -> None:
    reader, shapes = FactsReader(), Shapes()
    files = [path.read_bytes() for path in sorted(WHEEL.rglob("*.dcm"))]

    for data in files * 3:
        assert facts(data, reader, shapes) == facts(data, FactsReader())


@pytest.mark.parametrize("number", ["1", "2"])
def test_facts_are_those_of_the_header(number: str) -> None:
    data = made(("ISO_IR 100", f"1.9.{number}", "20050102", "MR", number))
    reader = FactsReader()
    facts(made(("ISO_IR 100", "1.9.0", "20050102", "MR", "1")), reader)

    found = facts(data, reader)

    assert found is not None
    assert found.ref.sop_instance_uid == f"1.9.{number}"
    assert (found.study_date, found.modality, found.series_number) == ("20050102", "MR", number)

"""A file that is laid out like one before is read as if it were the first of its kind."""

from __future__ import annotations

import random
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pydicom import Dataset

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.reads import Reads
from dicomferry.dicom.shapes import Shapes
from dicomferry.errors import FerryError
from dicomferry.model import Location
from support.instances import image, part10, uid

LOCATION = Location("a file")
WHEEL = Path(pydicom.__file__).parent / "data" / "test_files"
READS = Reads((0x00080005, 0x00080018, 0x00100010, 0x00199999), all_tags=True, sequences=True)
FEW = Reads((0x00080018,), all_tags=False, sequences=False)
FILES = sorted(path for path in WHEEL.rglob("*") if path.is_file())


def read(data: bytes, shapes: Shapes | None = None) -> object:
    """Return all that was found, or the words of the error."""
    try:
        with open_instance(BytesBlob(data), LOCATION, shapes=shapes) as instance:
            instance.check()
            header = instance.header
            elements = header.elements
            return (
                instance.transfer_syntax_uid, header.ref, elements.windows, dict(elements.index),
                list(elements.index), elements.start, elements.stop, elements.syntax,
                b"".join(instance.data_set(header).chunks()),
                b"".join(instance.file(header).chunks()),
                # The first is worked out, the second may be taken from where the first was.
                elements.fingerprint(READS), elements.fingerprint(READS),
                elements.fingerprint(FEW),
            )  # fmt: skip
    except FerryError as error:
        return type(error), error.message


def knowing(data: bytes) -> Shapes:
    """Return shapes that have met a file often enough."""
    shapes = Shapes()
    read(data, shapes)
    read(data, shapes)
    return shapes


def slice_of_series(number: int, **others: object) -> bytes:
    elements = {
        "PatientName": "Doe^Jane", "PatientID": "P1", "StudyInstanceUID": uid("study"),
        "SeriesInstanceUID": uid("series"), "SOPInstanceUID": f"1.2.3.{1000 + number}",
        "InstanceNumber": f"{number:04}",
    }  # fmt: skip
    return part10(image({**elements, **others}))


def test_a_slice_of_a_known_series_is_recognized() -> None:
    first, second = slice_of_series(1), slice_of_series(2)

    shapes = knowing(first)

    assert shapes.recognize(BytesBlob(second)) is not None
    assert read(second, shapes) == read(second)
    assert read(second, shapes) != read(first)


def test_the_same_size_with_other_lengths_is_not_the_same_shape() -> None:
    first = slice_of_series(1, PatientName="AB", PatientID="ABCDEF")
    second = slice_of_series(1, PatientName="ABCDEF", PatientID="AB")

    shapes = knowing(first)

    assert len(first) == len(second)
    assert shapes.recognize(BytesBlob(second)) is None
    assert read(second, shapes) == read(second)


def test_another_transfer_syntax_of_the_same_length_is_not_the_same_shape() -> None:
    first = slice_of_series(1)
    second = first.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0")

    shapes = knowing(first)

    assert first != second
    assert shapes.recognize(BytesBlob(second)) is None


def test_a_directory_of_the_same_length_is_not_the_same_shape() -> None:
    first = slice_of_series(1, SOPClassUID="1.2.840.10008.1.1.1")
    second = first.replace(b"1.2.840.10008.1.1.1\0", b"1.2.840.10008.1.3.10")

    shapes = knowing(first)

    assert first != second
    assert read(second, shapes) == read(second)
    assert "DICOMDIR" in str(read(second, shapes))


def test_of_a_file_of_a_known_size_no_more_is_read_than_tells_its_shape() -> None:
    class Watched(BytesBlob):
        read_to = 0

        def read(self, start: int, length: int) -> bytes:
            self.read_to = max(self.read_to, start + length)
            return super().read(start, length)

    shapes, blob = knowing(slice_of_series(1)), Watched(slice_of_series(2))

    open_instance(blob, LOCATION, shapes=shapes).close()

    assert 132 < blob.read_to <= blob.size - 512


def test_more_rows_than_there_are_pixels_for_are_still_damage() -> None:
    first = slice_of_series(1)
    rows = bytes.fromhex("28001000") + b"US" + b"\2\0"
    at = first.index(rows) + len(rows)
    taller = first[:at] + (17).to_bytes(2, "little") + first[at + 2 :]

    shapes = knowing(first)

    assert read(first, shapes) != read(taller, shapes)
    assert read(taller, shapes) == read(taller)
    assert "its header implies" in str(read(taller, shapes))


def test_a_file_that_is_shorter_is_still_found_to_be_cut() -> None:
    whole = slice_of_series(1)

    shapes = knowing(whole)

    assert read(whole[:-2], shapes) == read(whole[:-2])
    assert read(whole[:200], shapes) == read(whole[:200])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_of_pydicom_is_read_the_third_time_as_the_first(path: Path) -> None:
    data = path.read_bytes()

    assert read(data, knowing(data)) == read(data)


@settings(max_examples=300, suppress_health_check=list(HealthCheck), deadline=None)
@given(places=st.lists(st.integers(0, 1 << 16), min_size=1, max_size=4), seed=st.integers())
def test_a_file_with_some_bytes_changed_is_read_as_without_a_memory(
    places: list[int], seed: int
) -> None:
    whole = slice_of_series(1)
    shapes, head = knowing(whole), len(whole) - 512
    changed, dice = bytearray(whole), random.Random(seed)
    for place in places:
        changed[128 + place % (head - 128)] = dice.choice(
            [0, 1, 2, 8, 16, 255, dice.randrange(256)]
        )

    assert read(bytes(changed), shapes) == read(bytes(changed))


def test_no_more_shapes_are_kept_than_there_is_room_for() -> None:
    shapes = Shapes()
    for length in range(300):
        data = slice_of_series(1, PatientComments="x" * 2 * length)
        read(data, shapes)
        read(data, shapes)

    assert read(slice_of_series(2), shapes) == read(slice_of_series(2))
    assert len(shapes._by_size) <= 256


def test_a_size_met_once_is_not_worth_remembering() -> None:
    first, shapes = slice_of_series(1), Shapes()

    read(first, shapes)

    assert shapes.recognize(BytesBlob(first)) is None


def with_sequences(number: int, code: str = "AB") -> bytes:
    inner, outer = Dataset(), Dataset()
    inner.CodeValue = code
    outer.CodeMeaning = "A meaning"
    outer.PurposeOfReferenceCodeSequence = [inner, Dataset()]
    data = image({"PatientID": "P1", "SOPInstanceUID": f"1.2.3.{1000 + number}",
                  "ReferencedImageSequence": [outer]})  # fmt: skip
    return part10(data)


def test_a_file_with_sequences_is_recognized_whatever_their_values() -> None:
    shapes = knowing(with_sequences(1))

    assert shapes.recognize(BytesBlob(with_sequences(2, "CD"))) is not None
    assert read(with_sequences(2, "CD"), shapes) == read(with_sequences(2, "CD"))


def test_damage_anywhere_in_the_heads_of_a_sequence_is_found_in_a_known_shape_too() -> None:
    whole = with_sequences(1)
    shapes = knowing(whole)
    first = whole.index(bytes.fromhex("08004011"))
    last = whole.index(bytes.fromhex("10002000"))
    for place in range(first, last):
        for byte in (0, 1, 0xFF):
            changed = whole[:place] + bytes([byte]) + whole[place + 1 :]
            assert read(changed, shapes) == read(changed)

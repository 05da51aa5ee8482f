"""Whatever the data set and its encoding: walk and pydicom agree, and a splice edits no more."""

from __future__ import annotations

import warnings
from io import BytesIO

import pytest
from hypothesis import given, settings, strategies as st
from pydicom import Dataset, Sequence
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.edits import Delete, Edits, Set
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.syntax import BIG, EXPLICIT, IMPLICIT, Syntax
from dicomferry.model import Location

ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=90), max_size=16)
# Keywords by the values they take; all in the range of their VR.
VALUES = {
    0x00080060: st.sampled_from(["MR", "CT", "SM"]),
    0x00080090: ASCII.map(lambda text: text.replace("=", "")),
    0x00081030: ASCII,
    0x00100020: ASCII,
    0x00101002: None,
    0x00104000: st.text(st.characters(min_codepoint=33, max_codepoint=90), max_size=200),
    0x00180050: st.integers(0, 999).map(str),
    0x00186011: None,
    0x0020000D: st.integers(1, 10**9).map(lambda number: f"1.2.{number}"),
    0x00200013: st.integers(-999, 999).map(str),
    0x00280010: st.integers(0, 65535),
    0x00400275: None,
    0x00409096: None,
    0x00420011: st.binary(max_size=40).map(lambda data: data + b"\0" * (len(data) % 2)),
}
LEAVES = [tag for tag, strategy in VALUES.items() if strategy is not None]


@st.composite
def data_sets(draw: st.DrawFn, depth: int = 2) -> Dataset:
    dataset = Dataset()
    for tag in draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, max_size=8)):
        strategy = VALUES[tag]
        if strategy is not None:
            dataset.add(DataElement(tag, dictionary_VR(tag), draw(strategy)))
        elif depth:
            dataset.add(draw(sequences(tag, depth)))
    return dataset


@st.composite
def sequences(draw: st.DrawFn, tag: int, depth: int) -> DataElement:
    items = draw(st.lists(data_sets(depth - 1), max_size=3))
    for item in items:
        item.is_undefined_length_sequence_item = draw(st.booleans())
    element = DataElement(tag, "SQ", Sequence(items))
    element.is_undefined_length = draw(st.booleans())
    return element


@st.composite
def edits_of(draw: st.DrawFn) -> Edits:
    chosen = draw(st.lists(st.sampled_from(LEAVES), unique=True, min_size=1, max_size=4))
    made = []
    for tag in chosen:
        if draw(st.booleans()):
            made.append(Delete((tag,)))
            continue
        value = draw(VALUES[tag])
        made.append(Set((tag,), value if isinstance(value, bytes) else str(value)))
    return Edits.of(made)


def encode(dataset: Dataset, syntax: Syntax) -> bytes:
    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = syntax.implicit, syntax.little
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_dataset(file, dataset)
    return file.getvalue()


def edited_by_pydicom(data: bytes, syntax: Syntax, edits: Edits) -> bytes:
    dataset = read_dataset(BytesIO(data), syntax.implicit, syntax.little)
    for edit in edits:
        tag = edit.path[0]
        if isinstance(edit, Delete):
            dataset.pop(tag, None)
            continue
        vr = dictionary_VR(tag)
        value = int(edit.value) if vr == "US" else edit.value
        dataset[tag] = DataElement(tag, vr, value)
    return encode(dataset, syntax)


SYNTAXES = pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG], ids=["i", "e", "b"])
quick = settings(max_examples=60)


def compare(header: Header, dataset: Dataset) -> None:
    assert list(header.tags()) == sorted(map(int, dataset.keys()))
    for element in dataset:
        if element.VR == "SQ":
            for inner, item in zip(header.items(element.tag), element.value, strict=True):
                compare(inner, item)
        elif element.VR in ("IS", "US"):
            assert header.value(element.tag) == ("" if element.is_empty else element.value)
        elif element.VR == "OB":
            assert header.raw(element.tag) == (element.value or b"")
        elif element.VR != "DS":
            assert header.text(element.tag) == str(element.value or "")


@SYNTAXES
@quick
@given(dataset=data_sets())
def test_a_walk_agrees_with_pydicom(syntax: Syntax, dataset: Dataset) -> None:
    data = encode(dataset, syntax)

    compare(
        Header(Elements.of(data, syntax)),
        read_dataset(BytesIO(data), syntax.implicit, syntax.little),
    )


@SYNTAXES
@quick
@given(dataset=data_sets(), edits=edits_of())
def test_a_splice_is_what_pydicom_would_have_written(
    syntax: Syntax, dataset: Dataset, edits: Edits
) -> None:
    data = encode(dataset, syntax)

    edited = Header(Elements.of(data, syntax)).edited(edits)

    assert edited.elements.encoded() == edited_by_pydicom(data, syntax, edits)


@SYNTAXES
@quick
@given(dataset=data_sets())
def test_no_edits_are_no_change(syntax: Syntax, dataset: Dataset) -> None:
    data = encode(dataset, syntax)

    assert Header(Elements.of(data, syntax)).edited(Edits()).elements.encoded() == data


@quick
@given(data=st.binary(max_size=300))
def test_any_bytes_behind_a_prefix_raise_an_error_of_ours_at_most(data: bytes) -> None:
    from dicomferry.errors import FerryError

    file = b"\0" * 128 + b"DICM" + data
    try:
        with open_instance(BytesBlob(file), Location("here")) as instance:
            instance.check()
    except FerryError:
        pass

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from dicomferry.dicom.edits import Edits
from dicomferry.dicom.header import Header
from dicomferry.errors import FerryError
from dicomferry.model import MissingKey, Rejected
from dicomferry_plugins.remap import Options, dicomferry_transforms

(component,) = dicomferry_transforms()


@pytest.fixture
def remapped(build: Callable[..., Any]) -> Callable[..., Header]:
    def applied(header: Header, **said: Any) -> Header:
        edits = build(component, **said).edit(header)
        assert isinstance(edits, Edits)
        return header.edited(edits)

    return applied


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str | bytes], str]:
    def written(text: str | bytes) -> str:
        data = text.encode() if isinstance(text, str) else text
        (tmp_path / "subjects.csv").write_bytes(data)
        return "subjects.csv"

    return written


def test_nothing_said_changes_nothing(
    build: Callable[..., Any], header: Callable[..., Header]
) -> None:
    assert not build(component).edit(header(PatientID="1"))


def test_set_writes_a_rendered_text(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    after = remapped(header(PatientID="1"), set={"StudyDescription": "of {{ PatientID }}"})

    assert after.text("StudyDescription") == "of 1"


def test_set_reaches_into_every_item(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    before = header(RequestAttributesSequence=[_item("a"), _item("b")])
    way = "RequestAttributesSequence[*].ScheduledProcedureStepID"

    items = remapped(before, set={way: "c"}).items(0x0040_0275)
    assert [item.text("ScheduledProcedureStepID") for item in items] == ["c", "c"]


def test_set_reserves_a_private_block(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    after = remapped(header(), set={'(0019,"FERRY",0C)': "x"})

    assert (after.text(0x0019_0010), after.text(0x0019_100C)) == ("FERRY", "x")


def test_set_if_present_creates_nothing(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    said = {"set_if_present": {"PatientName": "X", "PatientID": "Y", "StudyID": "Z"}}

    after = remapped(header(PatientID="1", StudyID=""), **said)
    assert [after.text(k) for k in ("PatientName", "PatientID", "StudyID")] == [None, "Y", "Z"]


def test_a_missing_name_in_set_if_present_matters_only_where_it_is_set(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    after = remapped(header(PatientID="1"), set_if_present={"StudyID": "{{ PatientName }}"})

    assert after.text("StudyID") is None


def test_delete_takes_wildcards_and_private_blocks(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    before = header(PatientID="1", OtherPatientIDs="2")
    said = {"set": {'(0019,"ONE",10)': "x", '(0019,"TWO",10)': "y", '(0021,"ONE",11)': "z"}}
    before = remapped(before, **said)

    after = remapped(
        before, delete=["OtherPatientIDs", '(0019,"ONE",xx)', "(0021,xx11)", "PatientName"]
    )
    assert sorted(after.tags()) == [0x0010_0020, 0x0019_0011, 0x0019_1110, 0x0021_0010]


def test_copy_takes_the_value_over(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    before = header(AccessionNumber="A1", ImageType=["ORIGINAL", "PRIMARY"])

    after = remapped(before, copy={"StudyID": "AccessionNumber", "PatientComments": "ImageType"})
    assert after.text("StudyID") == "A1"
    assert after.text("PatientComments") == "ORIGINAL\\PRIMARY"


def test_copy_can_swap_and_leaves_what_has_no_source(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    before = header(AccessionNumber="A", StudyID="B", PatientID="C")

    after = remapped(
        before,
        copy={
            "StudyID": "AccessionNumber",
            "AccessionNumber": "StudyID",
            "PatientID": "PatientName",
        },
    )
    assert [after.text(k) for k in ("AccessionNumber", "StudyID", "PatientID")] == ["B", "A", "C"]


def test_replace_works_value_by_value_with_groups(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    before = header(PatientID="MC0007", OtherPatientIDs=["MC01", "X", "MC002"])
    rule = {"pattern": r"^MC0*(\d+)$", "with": r"S\1"}

    after = remapped(before, replace={"PatientID": rule, "OtherPatientIDs": rule})
    assert after.text("PatientID") == "S7"
    assert after.text("OtherPatientIDs") == "S1\\X\\S2"


def test_replace_sees_a_long_text_whole(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    rule = {"pattern": r"^a.*z$", "with": "found"}

    after = remapped(header(PatientComments="a\\z"), replace={"PatientComments": rule})
    assert after.text("PatientComments") == "found"


def test_replace_that_finds_nothing_edits_nothing(
    build: Callable[..., Any], header: Callable[..., Header]
) -> None:
    rule = {"pattern": "x", "with": "y"}
    remap = build(component, replace={"PatientID": rule, "PatientName": rule})

    assert not remap.edit(header(PatientID=" 1 "))


def test_sections_see_what_earlier_ones_did(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    after = remapped(
        header(AccessionNumber="A-1"),
        delete=["AccessionNumber"],
        set={"StudyDescription": "{{ StudyID }}!"},
        replace={"StudyID": {"pattern": "-", "with": "_"}},
        copy={"StudyID": "AccessionNumber"},
    )

    assert after.text("StudyDescription") == "A_1!"
    assert after.text("AccessionNumber") is None


@pytest.mark.parametrize(
    ("said", "path", "words"),
    [
        ({"set": {"PatientNmae": "x"}}, "set", "did you mean 'PatientName'"),
        ({"set": {"(0019,xx10)": "x"}}, "set", "x cannot be used"),
        ({"set_if_present": {"Nope": "x"}}, "set_if_present", "not a DICOM keyword"),
        ({"delete": ["PatientID", "Nope"]}, "delete[1]", "not a DICOM keyword"),
        ({"copy": {"PatientID": "Nope"}}, "copy.PatientID", "not a DICOM keyword"),
        ({"copy": {"(0019,xx10)": "StudyID"}}, "copy", "x cannot be used"),
        (
            {"replace": {"PatientID": {"pattern": "(", "with": ""}}},
            "replace.PatientID.pattern",
            "not a regular expression",
        ),
        (
            {"replace": {"PatientID": {"pattern": "a", "with": r"\1"}}},
            "replace.PatientID.with",
            "does not fit",
        ),
        (
            {"lookup": {"file": "x", "key": "Nope", "set": {"PatientID": "a"}}},
            "lookup.key",
            "not a DICOM keyword",
        ),
        (
            {"lookup": {"file": "x", "key": "{{ PatientID }}", "set": {"PatientID": "a"}}},
            "lookup.key",
            "column",
        ),
        (
            {"lookup": {"file": "x", "key": "PatientID", "set": {"Nope": "a"}}},
            "lookup.set",
            "not a DICOM keyword",
        ),
        ({"set": {"PatientID": "{{ Nope }}"}}, "set.PatientID", "not a DICOM keyword"),
    ],
)
def test_a_static_fault_is_placed(
    faults: Callable[..., dict[str, str]], said: dict[str, Any], path: str, words: str
) -> None:
    ((where, message),) = faults("transforms", "remap", **said).items()
    assert where.startswith(path)
    assert words in message


def test_a_sound_remap_has_no_fault(faults: Callable[..., dict[str, str]]) -> None:
    said = {
        "copy": {"StudyID": "AccessionNumber"},
        "replace": {"PatientID": {"pattern": "^MC0*", "with": "MC"}},
        "lookup": {"file": "t.csv", "key": "PatientID", "set": {"PatientName": "subject"}},
        "set": {'(0019,"A",10)': "x", "RequestAttributesSequence[*].StudyID": "{{ PatientID }}"},
        "set_if_present": {"StudyID": "x"},
        "delete": ["(0019,xx10)", '(0021,"B",xx)'],
    }

    assert faults("transforms", "remap", **said) == {}


def lookup(**said: Any) -> dict[str, Any]:
    names = {"file": "subjects.csv", "key": "PatientID", "set": {"PatientName": "subject"}}
    return {"lookup": {**names, **said}}


def test_lookup_sets_what_the_table_says(
    remapped: Callable[..., Header], header: Callable[..., Header], table: Callable[..., str]
) -> None:
    table('\ufeffsubject,PatientID,other\n"Doe^Jane, Dr",7 ,\n\n')

    assert remapped(header(PatientID="7"), **lookup()).text("PatientName") == "Doe^Jane, Dr"


def test_lookup_keys_are_texts(
    build: Callable[..., Any], header: Callable[..., Header], table: Callable[..., str]
) -> None:
    table("PatientID,subject\n007,x\n")

    assert isinstance(build(component, **lookup()).edit(header(PatientID="7")), Rejected)


def test_an_empty_cell_empties_the_attribute(
    remapped: Callable[..., Header], header: Callable[..., Header], table: Callable[..., str]
) -> None:
    table("PatientID,subject\n7,\n")

    assert remapped(header(PatientID="7", PatientName="X"), **lookup()).text("PatientName") == ""


def test_lookup_takes_a_template_as_key(
    remapped: Callable[..., Header], header: Callable[..., Header], table: Callable[..., str]
) -> None:
    table("id,subject\n7-MR,x\n")
    said = lookup(key="{{ PatientID }}-{{ Modality }}", column="id")

    assert remapped(header(PatientID="7", Modality="MR"), **said).text("PatientName") == "x"


def test_a_missing_key_rejects_without_its_value(
    build: Callable[..., Any], header: Callable[..., Header], table: Callable[..., str]
) -> None:
    table("PatientID,subject\n7,x\n")

    answer = build(component, **lookup()).edit(header(PatientID="CANARY"))
    missing = MissingKey("subjects.csv", ("PatientID", "subject"), "CANARY")
    assert answer == Rejected("PatientID is not in subjects.csv", missing=missing)


@pytest.mark.parametrize(("known", "asked"), [("7", "007"), ("0042", "42"), ("0", "000")])
def test_a_key_that_differs_by_zeros_alone_gets_a_hint(
    build: Callable[..., Any], header: Callable[..., Header], table: Callable[..., str],
    known: str, asked: str,
) -> None:  # fmt: skip
    table(f"PatientID,subject\n{known},x\n")

    answer = build(component, **lookup()).edit(header(PatientID=asked))
    assert answer.reason.endswith("where it stands with other zeros in front")


def test_an_instance_without_the_key_is_rejected(
    build: Callable[..., Any], header: Callable[..., Header], table: Callable[..., str]
) -> None:
    table("PatientID,subject\n7,x\n")

    answer = build(component, **lookup()).edit(header(StudyID="1"))
    assert answer == Rejected("PatientID is missing or empty")


def test_a_missing_key_can_be_kept(
    build: Callable[..., Any], header: Callable[..., Header], table: Callable[..., str]
) -> None:
    table("PatientID,subject\n7,x\n")

    assert not build(component, **lookup(missing="keep")).edit(header(PatientID="8"))


def test_a_missing_key_can_stop_the_run(
    build: Callable[..., Any], header: Callable[..., Header], table: Callable[..., str]
) -> None:
    table("PatientID,subject\n7,x\n")
    remap = build(component, **lookup(missing="error"))

    with pytest.raises(FerryError, match=r"is not in subjects\.csv") as caught:
        remap.edit(header(PatientID="CANARY"))
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("", "no column 'PatientID'", "empty"),
        ("PatientId,subject\n", "no column 'PatientID'", "did you mean 'PatientId'"),
        ("PatientID,subject,subject\n", "'subject' twice", ""),
        ("PatientID,subject\n1,a\n\n1,b\n", "csv:4:.*line 2.*one row", ""),
        ("PatientID,subject\n1,a,b\n", "csv:2:1.*has 3 cells", ""),
        ("PatientID,subject\n,a\n", "csv:2:1.*key column 'PatientID' is empty", ""),
        ('PatientID,subject\n"1,a\n', "csv:2:1.*never closed", ""),
        ("PatientID,subject\n1,nan\n", "csv:2:3.*for no value", ""),
        ("PatientID,subject\n#N/A,a\n", "csv:2:1.*for no value", ""),
        ("PatientID,subject\n1.2E+10,a\n", "csv:2:1.*digits are lost", ""),
        ("PatientID,subject\n1,=B2&C2\n", "csv:2:3.*formula", ""),
        (b"PatientID,subject\n1,a\x00b\n", "NUL", ""),
    ],
)
def test_a_table_that_cannot_be_trusted_is_refused_with_the_line(
    build: Callable[..., Any],
    table: Callable[..., str],
    text: str | bytes,
    words: str,
    hint: str,
) -> None:
    table(text)

    with pytest.raises(FerryError, match=words) as caught:
        build(component, **lookup())
    assert any(part in caught.value.hint for part in hint.split("|"))


@pytest.mark.parametrize(
    "text",
    [
        "PatientID;subject\n007;a\n",
        "sep=;\r\nPatientID;subject\r\n007;a\r\n",
        "PatientID\tsubject\n007\ta\n".encode("utf-16"),
        'PatientID,subject,\n"=""007""",a,\n,,\n',
        "PatientID,subject\n\u200b007,a\u00a0\n",
        "PatientID,subject\n007,a\n".encode("utf-16-le"),
    ],
)
def test_a_table_is_read_however_a_program_wrote_it(
    remapped: Callable[..., Header],
    header: Callable[..., Header],
    table: Callable[..., str],
    text: str | bytes,
) -> None:
    table(text)

    assert remapped(header(PatientID="007"), **lookup()).text("PatientName") == "a"


def test_equal_rows_may_repeat(build: Callable[..., Any], table: Callable[..., str]) -> None:
    table("PatientID,subject,note\n1,a,x\n1,a,y\n")

    assert build(component, **lookup())


def test_a_missing_table_is_named(build: Callable[..., Any]) -> None:
    with pytest.raises(FerryError, match=r"subjects\.csv"):
        build(component, **lookup())


def test_the_table_is_an_input_of_the_run(
    build: Callable[..., Any], table: Callable[..., str], tmp_path: Path
) -> None:
    table("PatientID,subject\n")

    assert build(component, **lookup()).inputs == (tmp_path / "subjects.csv",)


WORDS = st.text("abcXYZ019 -_", max_size=12)


@given(patient=WORDS, study=WORDS, text=WORDS)
def test_a_remap_applied_twice_is_a_remap_applied_once(
    remapped: Callable[..., Header],
    header: Callable[..., Header],
    patient: str,
    study: str,
    text: str,
) -> None:
    said = {
        "copy": {"AccessionNumber": "StudyID"},
        "replace": {"PatientID": {"pattern": "[^a-c]+", "with": "b"}},
        "set": {"StudyDescription": text},
        "delete": ["PatientName"],
    }
    before = header(PatientID=patient, StudyID=study, PatientName="X")

    once = remapped(before, **said)
    twice = remapped(once, **said)
    assert {tag: twice.raw(tag) for tag in twice.tags()} == {
        tag: once.raw(tag) for tag in once.tags()
    }


def _item(step: str) -> Any:
    from pydicom import Dataset

    item = Dataset()
    item.ScheduledProcedureStepID = step
    return item


@pytest.mark.parametrize("depth", ["set", "set_if_present"])
def test_an_attribute_at_any_depth_is_set_wherever_it_stands(
    remapped: Callable[..., Header], header: Callable[..., Header], depth: str
) -> None:
    before = header(PatientID="1", RequestAttributesSequence=[_item("a"), _item("b")])
    said = {depth: {"**.ScheduledProcedureStepID": "c", "**.PatientID": "2"}}

    after = remapped(before, **said)

    items = after.items(0x0040_0275)
    assert [item.text("ScheduledProcedureStepID") for item in items] == ["c", "c"]
    assert (after.text("PatientID"), "PatientID" in map(str, items[0].tags())) == ("2", False)


def test_replace_and_delete_reach_any_depth(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    before = header(RequestAttributesSequence=[_item("a"), _item("ba")])
    step = "**.ScheduledProcedureStepID"

    replaced = remapped(before, replace={step: {"pattern": "a", "with": "z"}})
    deleted = remapped(before, delete=[step])

    texts = [one.text("ScheduledProcedureStepID") for one in replaced.items(0x0040_0275)]
    assert texts == ["z", "zb"] or texts == ["z", "bz"]
    assert [list(one.tags()) for one in deleted.items(0x0040_0275)] == [[], []]


def test_transcode_writes_all_texts_in_the_character_set_and_goes_first(
    remapped: Callable[..., Header], header: Callable[..., Header]
) -> None:
    before = header(SpecificCharacterSet="ISO_IR 100", PatientName="Müller", PatientID="1")

    after = remapped(before, transcode="ISO_IR 192", set={"StudyDescription": "王"})

    assert after.text("SpecificCharacterSet") == "ISO_IR 192"
    assert (after.text("PatientName"), after.text("StudyDescription")) == ("Müller", "王")
    assert after.raw(0x00100010).rstrip() == "Müller".encode()


def test_a_term_that_is_none_is_a_fault_of_the_recipe() -> None:
    (fault,) = Options(transcode="UTF-8").faults()
    assert fault[0] == ("transcode",)


def test_a_recipe_that_does_not_transcode_is_known_by_what_it_always_was() -> None:
    """The ledger knows by this text what was sent: another one would send everything again."""
    assert repr(Options()) == (
        "Options(copy={}, replace={}, lookup=None, set={}, set_if_present={}, delete=())"
    )
    assert repr(Options(delete=("C",))) == (
        "Options(copy={}, replace={}, lookup=None, set={}, set_if_present={}, delete=('C',))"
    )
    assert "transcode='ISO_IR 192'" in repr(Options(transcode="ISO_IR 192"))

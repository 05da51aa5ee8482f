"""What the built-in transforms answer from memory is what they answer without one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace
from pydicom import Dataset

from dicomferry.contract.transform import Preparing, StudyAt
from dicomferry.dicom.header import Header
from dicomferry.engine.pipeline.edit import Ready, Withheld, edit_and_forecast
from dicomferry.engine.pipeline.memory import Memory
from dicomferry.engine.pipeline.steps import Steps, build_steps
from dicomferry.host import Selection, load_plugins
from dicomferry.model import Destination, Location
from dicomferry.recipe.load import load_recipe

RECIPE = """\
recipe: 1
name: all
sources:
  - folder: {path: .}
transforms:
%s  - identify:
      project: P
      subject: "{{ PatientID | default('N') }}"
      session: "{{ PatientID | default('N') }}_{{ StudyDescription | default('X') }}"
sinks:
  - export: {path: out, layout: "{{ SOPInstanceUID }}"}
"""
PLAIN = """\
  - remap:
      copy: {StudyID: "RequestAttributesSequence[0].RequestedProcedureID"}
      replace:
        PatientName: {pattern: "E", with: "G"}
        "RequestAttributesSequence[*].RequestedProcedureID": {pattern: "R", with: "Q"}
      lookup: {file: table.csv, key: PatientID, set: {InstitutionName: clinic}, missing: keep}
      set: {StationName: "{{ path.visit | default('') }}{{ row.code | default('') }}"}
      set_if_present: {AccessionNumber: "{{ Modality | default('OT') }}"}
      delete: [OtherPatientIDs]
    when: PatientSex | default('O') != 'M'
  - remap: {delete: [InstitutionName]}
    when: SmallestImagePixelValue | default(0) > 1
"""
"""What reads elements one by one."""

LISTING = """\
  - remap:
      set: {AdditionalPatientHistory: "{{ tag('(0019,1008)') | default('none') }}"}
      delete: ["(0018,10xx)", '(0019,"SIEMENS MR HEADER",xx)']
  - remap: {set: {'(0029,"FERRY",01)': x}}
    when: Rows | default(0) > 100
"""
"""What asks which elements there are."""

SEQUENCES = """\
  - unify-uids: {}
"""
TABLE = "PatientID,clinic\nA,North\nB,South\n"


class Catalog:
    """Two studies that are one session, and one that is in two."""

    def studies(self) -> Iterator[StudyAt]:
        for uid, session in (("1.1", "A_X"), ("1.2", "A_X"), ("1.2", "B_X"), ("1.3", "B_HEAD")):
            yield StudyAt(uid, Destination("P", session[0], session), "20200101", 1)

    def stored_studies(self) -> Iterator[StudyAt]:
        yield from ()

    def destinations_of_series(self, series_instance_uid: str) -> tuple[Destination, ...]:
        return (Destination("P", "B", "B_X"),) if series_instance_uid == "2.2" else ()


@pytest.fixture(
    scope="module",
    params=[PLAIN, SEQUENCES, PLAIN + LISTING + SEQUENCES],
    ids=["plain", "sequences", "all"],
)
def steps(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Steps:
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "table.csv").write_text(TABLE)
    (folder / "all.yaml").write_text(RECIPE % request.param)
    plugins = load_plugins(Selection())
    built = build_steps(load_recipe(folder / "all.yaml", plugins.components, {}), plugins)
    for step in built.transforms:
        if isinstance(step.transform, Preparing):
            step.transform.prepare(Catalog())
    return built


def either(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


ITEM = st.fixed_dictionaries(
    {},
    optional={
        "RequestedProcedureID": either("R1", "R2", ""),
        "StudyInstanceUID": either("1.1", "1.2"),
        "SeriesInstanceUID": either("2.1", "2.2"),
        "ReferencedSOPInstanceUID": either("1.2", "1.3"),
    },
)
FACTS: dict[str, st.SearchStrategy[Any]] = {
    "visit": either("1", "2"),
    "code": either("a", "b"),
    "private": either("SIEMENS MR HEADER", "FERRY"),
    "StudyInstanceUID": either("1.1", "1.2"),
    "PatientID": either("A", "B", "C"),
    "SpecificCharacterSet": either("ISO_IR 100", "ISO_IR 192"),
    "PatientName": either("D^E", "D^F", "É^F", ""),
    "PatientSex": either("M", "F"),
    "PatientComments": either("", "Project:P Subject:S"),
    "StudyDescription": either("", "HEAD", "P"),
    "InstitutionName": either("", "Old"),
    "AccessionNumber": either("", "1"),
    "OtherPatientIDs": either("X", ["X", "Y"]),
    "Modality": either("MR", "CT"),
    "Rows": either(16, 256),
    "DeviceSerialNumber": either("1", "2"),
    "PixelRepresentation": either(0, 1),
    "SmallestImagePixelValue": either(1, 2),
    "RequestAttributesSequence": st.lists(ITEM, max_size=2),
    "ReferencedStudySequence": st.lists(ITEM, max_size=1),
}
"""What is known of an instance; the first two are said by its source."""

FOUND = st.fixed_dictionaries({}, optional=FACTS)
CHANGES = either(*FACTS).flatmap(lambda name: st.tuples(st.just(name), FACTS[name] | st.none()))
"""Another value for one fact; None: there is none."""


def header_of(number: int, facts: dict[str, Any]) -> Header:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    for name, value in facts.items():
        if name == "private":
            block = dataset.private_block(0x0019, value, create=True)
            block.add_new(0x08, "LO", f"of {value}")
        elif name.endswith("Sequence"):
            setattr(dataset, name, [_item(item) for item in value])
        elif name not in ("visit", "code"):
            setattr(dataset, name, value)
    dataset.SOPInstanceUID = f"3.{number}"
    names, row = ({key: facts[key]} if key in facts else {} for key in ("visit", "code"))
    return Header.of(dataset).with_origin(Location(f"file {number}"), names, row)


def _item(elements: dict[str, str]) -> Dataset:
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item


def told(result: Ready | Withheld) -> object:
    if isinstance(result, Withheld):
        return result
    header = result.header
    return result.digest, result.forecast, header.wanted, header.dataset(), str(header.location)


@settings(max_examples=200)
@given(found=FOUND, changes=st.lists(CHANGES, min_size=1, max_size=6))
def test_remembered_and_worked_out_never_differ(
    steps: Steps, found: dict[str, Any], changes: list[tuple[str, Any]]
) -> None:
    remembering, upto = replace(steps, memory=Memory()), len(steps.transforms)
    others = [{**found, name: value} for name, value in changes]
    for number, facts in enumerate([found, found, *others]):
        known = {name: value for name, value in facts.items() if value is not None}
        header = header_of(number, known)

        one = edit_and_forecast(remembering, header, upto)

        assert told(one) == told(edit_and_forecast(steps, header, upto))


def test_the_built_in_transforms_are_remembered(steps: Steps) -> None:
    memory = Memory()
    facts = {"PatientID": "A", "StudyInstanceUID": "1.1", "private": "SIEMENS MR HEADER"}

    edit_and_forecast(replace(steps, memory=memory), header_of(0, facts), len(steps.transforms))

    assert memory.recall(header_of(1, facts)) is not None

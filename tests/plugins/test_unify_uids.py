from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dicomferry.contract.transform import Catalog, StudyAt
from dicomferry.dicom.header import Header
from dicomferry.model import Destination
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins.unify_uids import derived_uid, dicomferry_transforms

(component,) = dicomferry_transforms()


@pytest.fixture
def unify(build: Callable[..., Any], surroundings: Any) -> Callable[..., Any]:
    surroundings.identifiers = {None: ClassicIdentifier(Identification(projects=["P"]))}

    def prepared(catalog: Catalog, **said: Any) -> Any:
        transform = build(component, **said)
        transform.prepare(catalog)
        return transform

    return prepared


@pytest.fixture
def instance(header: Callable[..., Header]) -> Callable[..., Header]:
    """Give a function that makes an instance of a study that goes to a session of project P."""

    def made(study: str, session: str, **more: Any) -> Header:
        comments = f"Project:P Subject:S Session:{session}"
        return header(StudyInstanceUID=study, PatientComments=comments, **more)

    return made


def item(**elements: Any) -> Any:
    from pydicom import Dataset

    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def study_uid(transform: Any, before: Header) -> str | None:
    return before.edited(transform.edit(before)).text("StudyInstanceUID")


def test_a_session_of_several_studies_becomes_one(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    transform = unify(holdings(("1.1", "P", "A", ""), ("1.2", "P", "A", "")))

    uids = {study_uid(transform, instance(uid, "A")) for uid in ("1.1", "1.2")}
    assert uids == {derived_uid("test", "P", "A")}


def test_a_study_of_several_sessions_is_split(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    transform = unify(holdings(("1.1", "P", "A", ""), ("1.1", "P", "B", "")))

    uids = [study_uid(transform, instance("1.1", session)) for session in ("A", "B")]
    assert uids == [derived_uid("test", "P", "A"), derived_uid("test", "P", "B")]


def test_a_derived_uid_is_the_same_everywhere_and_always() -> None:
    assert derived_uid("salt", "P", "A") == "2.25.333344570702149852141984596246752975613"


def test_texts_that_would_run_together_derive_apart() -> None:
    uids = {derived_uid(*texts) for texts in (("a", "b", "c"), ("ab", "", "c"), ("", "ab", "c"))}

    assert len(uids) == 3


def test_a_derived_uid_is_a_valid_uid() -> None:
    from pydicom.uid import UID

    uids = [UID(derived_uid("ä" * 200, "P", str(number))) for number in range(200)]
    assert all(uid.is_valid and len(uid) <= 44 for uid in uids)


def test_the_salt_may_be_a_secret(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    transform = unify(holdings(("1.1", "P", "A", "")), salt="${env:SALT}")

    assert study_uid(transform, instance("1.1", "A")) == derived_uid("resolved", "P", "A")


def test_keep_leaves_a_session_that_is_one_study(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    transform = unify(holdings(("1.1", "P", "A", "")), study="keep")

    assert not transform.edit(instance("1.1", "A"))


@pytest.mark.parametrize(
    "rows",
    [
        (("1.1", "P", "A", ""), ("1.2", "P", "A", "")),
        (("1.1", "P", "A", ""), ("1.1", "P", "B", "")),
    ],
)
def test_keep_derives_where_it_cannot_keep(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
    rows: tuple[tuple[str, str, str, str], ...],
) -> None:
    transform = unify(holdings(*rows), study="keep")

    assert study_uid(transform, instance("1.1", "A")) == derived_uid("test", "P", "A")


def test_first_keeps_the_earliest_study(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    catalog = holdings(
        ("1.0", "P", "A", ""), ("1.1", "P", "A", "20050103"), ("1.2", "P", "A", "20050102")
    )
    transform = unify(catalog, study="first")

    uids = {study_uid(transform, instance(uid, "A")) for uid in ("1.0", "1.1", "1.2")}
    assert uids == {"1.2"}


def test_first_gives_a_shared_uid_to_one_session_only(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    transform = unify(holdings(("1.1", "P", "B", ""), ("1.1", "P", "A", "")), study="first")

    uids = [study_uid(transform, instance("1.1", session)) for session in ("A", "B")]
    assert uids == ["1.1", derived_uid("test", "P", "B")]


def test_what_is_not_in_the_catalog_stays(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    transform = unify(holdings(("1.1", "P", "A", "")))
    evidence = [item(StudyInstanceUID="9.9")]

    assert not transform.edit(
        instance("9.8", "Z", CurrentRequestedProcedureEvidenceSequence=evidence)
    )


def references(header: Header) -> list[str | None]:
    evidence = header.items(0x0040_A375)
    requests = header.items(0x0040_0275)
    return [
        *(one.text("StudyInstanceUID") for one in (*evidence, *requests)),
        *(
            study.text("ReferencedSOPInstanceUID")
            for holder in (header, *requests)
            for study in holder.items(0x0008_1110)
        ),
    ]


def test_references_at_any_depth_follow_their_study(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    transform = unify(holdings(("1.1", "P", "A", ""), ("1.2", "P", "B", "")))
    before = instance(
        "1.1",
        "A",
        CurrentRequestedProcedureEvidenceSequence=[
            item(StudyInstanceUID="1.1"),
            item(StudyInstanceUID="1.2"),
        ],
        RequestAttributesSequence=[
            item(
                StudyInstanceUID="1.1",
                ReferencedStudySequence=[item(ReferencedSOPInstanceUID="1.2")],
            )
        ],
        ReferencedStudySequence=[item(ReferencedSOPInstanceUID="1.1")],
    )

    a, b = derived_uid("test", "P", "A"), derived_uid("test", "P", "B")
    assert references(before.edited(transform.edit(before))) == [a, b, a, a, b]


def test_a_reference_into_a_split_study_goes_by_its_series(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    catalog = holdings(
        ("1.1", "P", "A", ""), ("1.1", "P", "B", ""), series={"1.1.7": (("P", "B"),)}
    )
    series = [item(SeriesInstanceUID="1.1.7")]
    evidence = [item(StudyInstanceUID="1.1", ReferencedSeriesSequence=series)]
    before = instance("1.1", "A", CurrentRequestedProcedureEvidenceSequence=evidence)
    transform = unify(catalog)

    after = before.edited(transform.edit(before))
    assert references(after) == [derived_uid("test", "P", "B")]


def test_a_reference_that_could_mean_two_sessions_stays(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    catalog = holdings(("1.1", "P", "A", ""), ("1.1", "P", "B", ""), ("1.2", "P", "C", ""))
    before = instance(
        "1.2", "C", CurrentRequestedProcedureEvidenceSequence=[item(StudyInstanceUID="1.1")]
    )
    transform = unify(catalog)

    assert references(before.edited(transform.edit(before))) == ["1.1"]


def test_other_instance_uids_are_no_study(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    images = [item(ReferencedSOPInstanceUID="1.1")]
    before = instance("1.1", "A", ReferencedImageSequence=images)
    transform = unify(holdings(("1.1", "P", "A", "")))

    after = before.edited(transform.edit(before))
    assert after.items(0x0008_1140)[0].text("ReferencedSOPInstanceUID") == "1.1"


def test_preparing_again_gives_the_same(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    rows = (("1.1", "P", "A", "2"), ("1.2", "P", "A", "1"), ("1.2", "P", "B", "1"))
    forward, backward = (
        unify(holdings(*order), study="first") for order in (rows, tuple(reversed(rows)))
    )

    before = instance("1.1", "A")
    assert forward.edit(before) == backward.edit(before)


def test_a_session_without_a_project_has_a_uid_too(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    header: Callable[..., Header],
) -> None:
    transform = unify(holdings(("1.1", None, "A", ""), ("1.2", "P", "A", "")))

    before = header(StudyInstanceUID="1.1", PatientID="A")
    assert study_uid(transform, before) == derived_uid("test", "", "A")


@pytest.mark.parametrize("study", ["first", "keep"])
def test_a_stored_session_keeps_its_uid_whatever_a_later_disk_brings(
    unify: Callable[..., Any],
    holdings: Callable[..., Any],
    instance: Callable[..., Header],
    study: str,
) -> None:
    catalog = holdings(("1.1", "P", "A", "20050101"), ("1.2", "P", "A", "20050102"))
    catalog.stored = (StudyAt("1.2", Destination("P", "S", "A"), "", 4),)
    transform = unify(catalog, study=study)

    assert {study_uid(transform, instance(uid, "A")) for uid in ("1.1", "1.2")} == {"1.2"}


@pytest.mark.parametrize("study", ["first", "keep"])
def test_the_uid_of_a_stored_session_is_nobody_elses(
    unify: Callable[..., Any],
    holdings: Callable[..., Any],
    instance: Callable[..., Header],
    study: str,
) -> None:
    catalog = holdings(("1.1", "P", "B", "20050101"))
    catalog.stored = (StudyAt("1.1", Destination("P", "S", "A"), "", 4),)

    uid = study_uid(unify(catalog, study=study), instance("1.1", "B"))

    assert uid == derived_uid("test", "P", "B")


def test_references_of_structure_sets_and_reports_follow(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    transform = unify(holdings(("1.1", "P", "A", ""), ("1.2", "P", "B", "")))
    named = item(ReferencedSOPClassUID="1.9", ReferencedSOPInstanceUID="1.1")
    before = instance(
        "1.2", "B", RTReferencedStudySequence=[named],
        ReferencedFrameOfReferenceSequence=[item(RTReferencedStudySequence=[named])],
        ContentSequence=[item(ContentSequence=[item(ValueType="UIDREF", UID="1.1")])],
    )  # fmt: skip

    after = before.edited(transform.edit(before)).dataset()

    wanted = derived_uid("test", "P", "A")
    frame = after.ReferencedFrameOfReferenceSequence[0]
    assert after.RTReferencedStudySequence[0].ReferencedSOPInstanceUID == wanted
    assert frame.RTReferencedStudySequence[0].ReferencedSOPInstanceUID == wanted
    assert wanted == after.ContentSequence[0].ContentSequence[0].UID


def test_the_series_in_a_structure_set_decides_where_its_study_is_divided(
    unify: Callable[..., Any],
    holdings: Callable[..., Any],
    instance: Callable[..., Header],
) -> None:
    catalog = holdings(("1.1", "P", "A", ""), ("1.1", "P", "B", ""), ("1.3", "P", "C", ""))
    catalog.series = {"2.2": (Destination("P", "S", "B"),)}
    transform = unify(catalog)
    series = item(SeriesInstanceUID="2.2")
    named = item(ReferencedSOPInstanceUID="1.1", RTReferencedSeriesSequence=[series])
    before = instance("1.3", "C", RTReferencedStudySequence=[named])

    after = before.edited(transform.edit(before)).dataset()

    uid = after.RTReferencedStudySequence[0].ReferencedSOPInstanceUID
    assert uid == derived_uid("test", "P", "B")


def test_a_reference_to_a_divided_study_that_nothing_decides_is_noted(
    unify: Callable[..., Any],
    holdings: Callable[..., Catalog],
    instance: Callable[..., Header],
) -> None:
    rows = (("1.1", "P", "A", ""), ("1.1", "P", "B", ""), ("1.3", "P", "C", ""))
    transform = unify(holdings(*rows))
    named = item(ReferencedSOPInstanceUID="1.1")

    edits = transform.edit(instance("1.3", "C", ReferencedStudySequence=[named]))

    assert edits.notes == ("reference-not-followed",)


def test_options_that_a_ledger_knows_are_written_as_they_were() -> None:
    # `Steps.work` is made of this text: another one would send everything again.
    text = "Options(scope='session', study='derive', salt='', server='')"
    assert repr(component.options()) == text

"""What the vectors do not show: the reasons given, failures, faults of a configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from dicomferry.dicom.edits import Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.model import AutoArchive, Because, Destination, Forecast
from dicomferry.xnat.filing.first_session import FirstSessions, ForecastArrival
from dicomferry.xnat.naming.identifiers import ClassicIdentifier, DqrIdentifier
from dicomferry.xnat.naming.import_parameters import ImportParameters
from dicomferry.xnat.naming.options import Identification, identification_faults

MakeHeader = Callable[..., Header]
GREEDY = r"(0010,0020):(.*):2"
UNTOLD = "(0010,0020):([^a[b]]+)"


def classic(**options: Any) -> ClassicIdentifier:
    return ClassicIdentifier(msgspec.convert({"projects": ["P1", "P2"], **options}, Identification))


def dqr(**options: Any) -> DqrIdentifier:
    return DqrIdentifier(msgspec.convert({"projects": ["P1"], **options}, Identification))


def test_the_reason_names_comment_and_key(header: MakeHeader) -> None:
    forecast = classic().forecast(header(PatientComments="Project:P1 Subject:S1 Session:E1"))
    assert forecast.because == Because(
        "PatientComments 'Project:'", "PatientComments 'Subject:'", "PatientComments 'Session:'"
    )


def test_the_reason_names_the_rule(header: MakeHeader) -> None:
    rules = {"project": ["(0010,0010):x", r"(0010,0010):(\w+)\^.*"]}
    forecast = classic(receiver=rules).forecast(header(PatientName="P1^A"))
    assert forecast.because.project == r"receiver rule 2: (0010,0010):(\w+)\^.*"


def test_the_reason_names_the_element(header: MakeHeader) -> None:
    forecast = classic().forecast(header(AccessionNumber="P2", PatientName="A", PatientID="B"))
    assert forecast.because == Because("AccessionNumber", "PatientName", "PatientID")


def test_the_reason_says_that_nothing_was_found(header: MakeHeader) -> None:
    assert classic().forecast(header()).because == Because(
        "no rule matched: Unassigned", "no value anywhere", "no value anywhere: dicom_upload"
    )


def test_receiver_rules_come_before_site_rules(header: MakeHeader) -> None:
    identifier = classic(
        receiver={"subject": ["(0010,0020):(R).*"]},
        site={"subject": ["(0010,0020):(..).*"]},
    )
    assert identifier.forecast(header(PatientID="RS")).destination.subject == "R"
    assert identifier.forecast(header(PatientID="XS")).destination.subject == "XS"


def test_a_rules_project_that_is_not_there_falls_through(header: MakeHeader) -> None:
    identifier = classic(site={"project": ["(0010,0020):(.*)"]})
    forecast = identifier.forecast(header(PatientID="PX", StudyDescription="P2"))
    assert forecast.destination.project == "P2"


def test_project_ids_are_exact_to_the_letter(header: MakeHeader) -> None:
    assert classic().forecast(header(StudyDescription="p1")).destination.project is None


@pytest.mark.parametrize("level", ["subject", "session", "aa"])
def test_a_rule_that_throws_makes_xnat_refuse(header: MakeHeader, level: str) -> None:
    forecast = classic(site={level: [GREEDY]}).forecast(
        header(PatientID="7", StudyDescription="P1")
    )
    assert forecast.refused
    assert "site rule 1" in forecast.refused


def test_an_aa_rule_is_asked_only_where_there_is_a_project(header: MakeHeader) -> None:
    forecast = classic(site={"aa": [GREEDY]}).forecast(header(PatientID="7"))
    assert forecast.refused is None
    assert forecast.auto_archive is AutoArchive.NEVER


def test_a_project_rule_that_throws_files_under_unassigned(header: MakeHeader) -> None:
    forecast = classic(site={"project": [GREEDY]}).forecast(
        header(PatientID="7", StudyDescription="P1")
    )
    assert forecast.refused is None
    assert forecast.destination.project is None
    assert "site rule 1" in forecast.because.project


@pytest.mark.parametrize("level", ["project", "subject", "session", "aa"])
@pytest.mark.parametrize("generation", ["1.9", "1.10"])
def test_a_rule_that_does_not_parse_refuses_every_object(
    header: MakeHeader, level: str, generation: str
) -> None:
    identifier = classic(
        xnat=generation, receiver={"project": ["(0010,0020):(.*)"]}, site={level: ["nonsense"]}
    )
    assert "site rule 1" in str(identifier.forecast(header(PatientID="P1")).refused)


@pytest.mark.parametrize("level", ["project", "subject", "session"])
def test_what_cannot_be_told_is_never_forecast_as_a_success(header: MakeHeader, level: str) -> None:
    forecast = classic(site={level: [UNTOLD]}).forecast(header(StudyDescription="P1"))
    assert forecast.refused is None
    assert "cannot be forecast" in str(forecast.unknown)


def test_what_every_likely_jvm_files_alike_is_told(header: MakeHeader) -> None:
    latin = Edits.of([Set((0x00104000,), "Subject:S1 für".encode("latin-1"), "LT")])
    forecast = classic(xnat="1.9").forecast(header().edited(latin))
    assert forecast.unknown is None
    assert forecast.destination.subject == "S1"


def test_what_only_the_jvm_of_the_server_decides_is_unknown(header: MakeHeader) -> None:
    name = Edits.of([Set((0x00100010,), "Müller".encode(), "PN")])
    forecast = classic(xnat="1.9").forecast(header().edited(name))
    assert forecast.refused is None
    assert "JVM" in str(forecast.unknown)


def test_no_reason_quotes_the_patient(header: MakeHeader) -> None:
    identifier = classic(site={"subject": [GREEDY]})
    forecast = identifier.forecast(header(PatientID="SECRET", PatientName="SECRET"))
    assert "SECRET" not in repr(forecast)


def test_a_bogus_aa_hides_a_later_one(header: MakeHeader) -> None:
    forecast = classic().forecast(
        header(StudyDescription="P1", PatientComments="AA:bogus", StudyComments="AA:true")
    )
    assert forecast.auto_archive is AutoArchive.PROJECT_DEFAULT


def test_aa_false_asks_for_manual(header: MakeHeader) -> None:
    forecast = classic().forecast(header(PatientComments="Project:P1 AA:False"))
    assert forecast.auto_archive is AutoArchive.MANUAL


def test_import_parameters_beat_the_header(header: MakeHeader) -> None:
    query = {"PROJECT_ID": "P2", "SUBJECT_ID": "Sü.1", "EXPT_LABEL": "E 1"}
    forecast = classic().forecast_import(
        header(PatientComments="Project:P1 Subject:S Session:E"), ImportParameters.of(query)
    )
    assert forecast.destination == Destination("P2", "Sü_1", "E_1")


def test_receiver_rules_do_not_apply_to_imports(header: MakeHeader) -> None:
    identifier = classic(receiver={"subject": ["(0010,0020):(.*)"]})
    forecast = identifier.forecast_import(
        header(PatientID="I", PatientName="N"), ImportParameters()
    )
    assert forecast.destination.subject == "N"


def test_dqr_takes_the_accession_number_for_a_blank_study_id(header: MakeHeader) -> None:
    forecast = dqr().forecast(header(StudyID=" ", AccessionNumber="88"))
    assert forecast.destination.session == "88"
    assert forecast.because.session == "AccessionNumber"


def test_dqr_without_any_id_says_dicom_upload(header: MakeHeader) -> None:
    assert dqr().forecast(header()).destination.session == "dicom_upload"


def test_dqr_routed_to_a_project_that_is_not_there_is_unassigned(header: MakeHeader) -> None:
    instance = header()
    routing = {instance.ref.study_instance_uid: "GONE"}
    assert dqr(routing=routing).forecast(instance).destination.project is None


def forecast_of(session: str) -> Forecast:
    why = Because("", "", "StudyID")
    return Forecast(Destination("P1", "S1", session), why, AutoArchive.PROJECT_DEFAULT)


def test_half_an_hour_later_a_study_may_have_another_session() -> None:
    arrivals = [
        ForecastArrival("1.2", forecast_of(session), at)
        for session, at in (("A", 0.0), ("B", 1799.0), ("B", 1800.0), ("C", 1801.0))
    ]
    sessions = FirstSessions()
    assert [sessions.settle(one).destination.session for one in arrivals] == list("AABB")


def faults_of(*, dqr: bool = False, **options: Any) -> list[str]:
    identification = msgspec.convert(options, Identification)
    return [path for path, _ in identification_faults(identification, dqr=dqr)]


def test_every_faulty_rule_is_found_at_its_path() -> None:
    found = faults_of(
        site={"project": ["(0010,0020):(.*)", "nonsense"], "aa": ["(0010,0020):("]},
        receiver={"subject": [GREEDY], "session": [UNTOLD]},
    )
    assert found == ["site.project[1]", "site.aa[0]", "receiver.subject[0]", "receiver.session[0]"]


def test_good_rules_have_no_faults() -> None:
    assert faults_of(site={"subject": [r"(0010,0010):(\w+)_.*"]}) == []


def test_dqr_with_receiver_rules_is_a_fault() -> None:
    assert faults_of(dqr=True, receiver={"project": ["(0010,0020):(.*)"]}) == ["receiver"]


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="sites"):
        msgspec.convert({"sites": {}}, Identification)


def test_a_forecast_keeps_what_its_labels_were_made_of(header: MakeHeader) -> None:
    forecast = classic().forecast(header(PatientName="DOE^JOHN", PatientID="MC 7"))
    assert forecast.originals == ("DOE^JOHN", "MC 7")
    assert (forecast.destination.subject, forecast.destination.session) == ("DOE_JOHN", "MC_7")

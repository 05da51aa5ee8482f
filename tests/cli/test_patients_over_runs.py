"""Patients of one run beside those that earlier runs have stored: one subject is one person's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydicom import dcmread
from ruamel.yaml import YAML

from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support import pacs, servers
from support.cli import ferry
from support.old_ledgers import rewrite_as
from support.pacs_recipes import pacs_recipe
from support.scripted_pacs import Script, scripted

Recipe = Callable[..., Path]
NAMED = ("{{ params.subject }}", "{{ params.subject }}_{{ StudyID }}")
DOE = {"PatientID": "P1", "PatientName": "DOE^JANE", "PatientSex": "F"}
ROE = {"PatientID": "P2", "PatientName": "ROE^JIM", "PatientSex": "M"}


class Site:
    """A folder of disks that come one after the other, and an XNAT that gets them."""

    def __init__(self, folder: Path, write: Recipe, xnat: XnatStandIn) -> None:
        self.folder = folder
        self.xnat = xnat
        self._write = write
        self.recipe = self.write()

    def write(self, labels: tuple[str, str] = NAMED, port: int = 0, **more: Any) -> Path:
        subject, session = labels
        receiver = SimpleNamespace(host="127.0.0.1", port=port or self.xnat.port, ae_title="XNAT")
        self.recipe = self._write(
            receiver, params={"subject": {"default": "S1"}},
            transforms=[{"identify": {"project": "P", "subject": subject, "session": session}}],
            **more,
        )  # fmt: skip
        return self.recipe

    def disk(self, number: int, *, into: str = "disk", **elements: Any) -> None:
        """Put a disk in the place of whatever is there: a study of one instance."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        (path,) = pacs.study(
            self.folder / "data" / into, number, instances=1, SeriesDescription=f"of {number}",
            **elements,
        )  # fmt: skip
        path.rename(path.with_name("IM0001"))

    def ask(self, verb: str = "plan", *options: object) -> dict[str, Any]:
        result = ferry(verb, self.recipe, "--format", "json", *options)
        assert result.stdout, result.stderr
        found: dict[str, Any] = json.loads(result.stdout)
        return found | {"exit": result.returncode}

    def bring(self, *options: object) -> None:
        report = self.ask("run", *options)
        assert report["exit"] == 0, report["problems"]


@pytest.fixture
def site(tmp_path: Path, write_recipe: Recipe) -> Iterator[Site]:
    with XnatStandIn(ClassicIdentifier(Identification(projects=["P"]))) as xnat:
        yield Site(tmp_path, write_recipe, xnat)


def told(report: dict[str, Any], severity: str = "error") -> dict[str, str]:
    return {p["code"]: p["message"] for p in report["problems"] if p["severity"] == severity}


@pytest.mark.parametrize("into", ["disk", "the-next"], ids=["at the same path", "elsewhere"])
@pytest.mark.parametrize("verb", ["plan", "run"])
def test_another_patient_of_a_later_disk_is_not_filed_under_a_subject(
    site: Site, into: str, verb: str
) -> None:
    site.disk(1, **DOE)
    site.bring()
    site.disk(2, into=into, **ROE)

    report = site.ask(verb)

    assert report["exit"] == 2
    message = told(report)["patients-merged"]
    assert message.startswith("the subject 'S1' in P gets what was of 2 patients")
    assert "(stored before, by the run of 20" in message
    assert "DOE" not in json.dumps(report["problems"])
    assert len(site.xnat.receipts()) == 1


def test_the_third_disk_in_the_drive_is_compared_with_the_first(site: Site) -> None:
    site.disk(1, **DOE)
    site.bring()
    site.disk(2, **ROE)
    site.bring("--set", "subject=S2")
    site.disk(3, PatientID="P3", PatientName="FOE^ANN")

    report = site.ask()

    assert report["exit"] == 2
    assert "patients-merged" in told(report)


def test_a_session_label_that_is_another_patients_already_is_an_error(site: Site) -> None:
    site.write(("{{ PatientID }}", "V1"))
    site.disk(1, **DOE)
    site.bring()
    site.disk(2, **ROE)

    message = told(site.ask())["session-of-several-patients"]

    assert message.startswith("the session 'V1' in P gets what was of 2 patients")
    assert "stored before" in message


def test_a_patient_whose_later_disk_gets_another_subject_is_an_error(site: Site) -> None:
    site.disk(1, **DOE)
    site.bring()
    site.disk(2, **DOE)

    report = site.ask("run", "--set", "subject=S9")

    assert report["exit"] == 2
    message = told(report)["patient-over-several-subjects"]
    assert message.startswith("one patient is under 2 subjects of P: 'S9', 'S1'")
    assert "stored before" in message
    assert len(site.xnat.receipts()) == 1


def test_studies_that_do_not_say_whose_they_are_are_not_gathered_over_runs(site: Site) -> None:
    site.write(("{{ PatientID }}", "{{ PatientID }}_{{ StudyID }}"))
    nobody = {"PatientID": "Anonymous", "PatientName": "Anonymous", "PatientBirthDate": ""}
    site.disk(1, **nobody)
    site.bring()
    site.disk(2, **nobody)

    assert "stored before" in told(site.ask())["patients-not-told-apart"]


@pytest.mark.parametrize(
    "later",
    [DOE, DOE | {"PatientName": "Doe^Jane^^Dr"}, {"PatientID": "P1", "PatientName": ""}],
    ids=["the same", "a title", "no name"],
)
def test_a_later_disk_of_the_same_person_goes_on(site: Site, later: dict[str, str]) -> None:
    site.disk(1, **DOE)
    site.bring()
    site.disk(2, **later)
    site.bring()

    assert len(site.xnat.receipts()) == 2


def test_what_the_recipe_allows_is_a_note_and_is_not_told_of_what_lies_there(site: Site) -> None:
    site.disk(1, **DOE)
    site.bring()
    site.disk(2, **ROE)
    site.write(allow=["patients-merged"])
    assert "stored before" in told(site.ask(), "note")["patients-merged"]
    site.bring()
    site.write()

    again = site.ask()

    assert again["exit"] == 0
    assert "patients-merged" not in told(again) | told(again, "note")
    site.disk(3, PatientID="P3", PatientName="FOE^ANN")
    assert "3 patients" in told(site.ask())["patients-merged"]


def test_who_was_stored_is_named_however_many_are_new(site: Site) -> None:
    site.disk(1, PatientID="P9", PatientName="ZOE^ANN")
    site.bring()
    site.disk(2, **ROE)
    for number in (3, 4, 5, 6):
        pacs.study(
            site.folder / f"data/{number}", number, instances=1, PatientID=f"P{number}",
            PatientName=f"NR{number}^X",
        )  # fmt: skip
    site.write(allow=["patients-merged"])

    messages = [p["message"] for p in site.ask()["problems"] if p["code"] == "patients-merged"]

    assert len(messages) == 1
    assert "stored before" in messages[0]


def test_another_receiver_has_nobody_yet(site: Site) -> None:
    site.disk(1, **DOE)
    site.bring()
    site.disk(2, **ROE)
    with XnatStandIn(ClassicIdentifier(Identification(projects=["P"]))) as other:
        site.write(port=other.port)
        site.bring()
        assert len(other.receipts()) == 1


def test_an_export_keeps_patients_apart_over_runs(site: Site) -> None:
    site.write(
        sinks=[{"export": {"path": "out", "layout": "{{ subject }}/{{ SOPInstanceUID }}.dcm"}}]
    )
    site.disk(1, **DOE)
    site.bring()
    site.disk(2, **ROE)
    assert "patients-merged" in told(site.ask())


def test_labels_typed_in_a_saved_plan_merge_nobody_with_an_earlier_one(site: Site) -> None:
    site.write(("{{ PatientID }}", "{{ PatientID }}_{{ StudyID }}"))
    site.disk(1, **DOE)
    site.bring()
    site.disk(2, **ROE)
    saved = site.folder / "plan.csv"
    site.ask("plan", "-o", saved)
    saved.write_text(saved.read_text().replace(",P2,", ",P1,"))

    report = site.ask("run", "--plan", saved)

    assert report["exit"] == 2
    assert "patients-merged" in told(report)
    assert len(site.xnat.receipts()) == 1


def test_the_audit_names_what_a_patient_of_the_plan_is_confused_with(site: Site) -> None:
    site.disk(1, **DOE)
    site.bring()
    site.disk(2, **ROE)

    (row,) = site.ask()["audit"]

    assert row["findings"] == ["patients-merged"]


def test_an_earlier_ledger_knows_who_was_stored_where_the_file_is_as_it_was(site: Site) -> None:
    site.disk(1, **DOE)
    site.bring()
    rewrite_as(site.folder / ".dicomferry/journey", "5")
    site.disk(2, **ROE)

    assert "stored before" in told(site.ask())["patients-merged"]


@pytest.mark.parametrize(
    ("may", "code"),
    [("A0002,S1,S1_B", "patients-merged"), ("A0003,S9,S9_A", "patient-over-several-subjects")],
)
def test_a_list_of_may_neither_merges_nor_splits_the_patients_of_april(
    tmp_path: Path, may: str, code: str
) -> None:
    of_first = {"PatientID": "P0001", "PatientName": "DOE^NR1"}
    paths = [path for n in (1, 2) for path in pacs.study(tmp_path / "in", n, instances=1)]
    paths += pacs.study(tmp_path / "in", 3, instances=1, **of_first)
    with (
        scripted([dcmread(path) for path in paths], Script()) as asked,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        results = []
        for name, row in (("april", "A0001,S1,S1_A"), ("may", may)):
            (tmp_path / f"{name}.csv").write_text(f"Accession Number,Subject,Session\n{row}\n")
            source = {"csv-dqr": {"file": f"{name}.csv", "pacs": "clinic"}}
            recipe = pacs_recipe(tmp_path, asked, xnat, source, routed=3, retrieve="c-get")
            results.append(ferry("run", recipe))

        assert results[0].returncode == 0, results[0].stdout
        assert results[1].returncode == 2
        assert code in results[1].stdout
        assert "stored before" in results[1].stdout
        assert len(xnat.files()) == 1


@pytest.mark.parametrize(
    ("lists", "allow", "arrive"),
    [
        (("A0001,S1,S1_A", "A0002,S1,S1_B"), [], 1),
        (("A0001,S1,S1_A", "A0002,S1,S1_B"), ["patients-merged"], 2),
        (("A0001,S1,S1_A\nA0002,S1,S1_B",), [], 1),
        (("A0001,S1,S1_A", "A0003,S1,S1_B"), [], 2),
    ],
    ids=["two months", "allowed", "one list", "one patient"],
)
def test_a_patient_of_whom_a_pacs_tells_nothing_is_known_by_the_header(
    tmp_path: Path, lists: tuple[str, ...], allow: list[str], arrive: int
) -> None:
    of_first = {"PatientID": "P0001", "PatientName": "DOE^NR1"}
    paths = [path for n in (1, 2) for path in pacs.study(tmp_path / "in", n, instances=1)]
    paths += pacs.study(tmp_path / "in", 3, instances=1, **of_first)
    script = Script(hides=("PatientID", "PatientName", "PatientBirthDate"))
    with (
        scripted([dcmread(path) for path in paths], script) as asked,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        for number, rows in enumerate(lists):
            (tmp_path / f"{number}.csv").write_text(f"Accession Number,Subject,Session\n{rows}\n")
            source = {"csv-dqr": {"file": f"{number}.csv", "pacs": "clinic"}}
            recipe = pacs_recipe(tmp_path, asked, xnat, source, routed=3, retrieve="c-get")
            recipe.write_text(recipe.read_text() + f"allow: {json.dumps(allow)}\n")
            result = ferry("run", recipe)

        assert result.returncode == (0 if arrive == 2 else 1), result.stdout + result.stderr
        assert len(xnat.files()) == arrive
        assert ("of another patient than the subject S1 in P has" in result.stdout) == (arrive == 1)


EXPORT = [{"export": {"path": "out", "layout": "{{ subject }}/{{ SOPInstanceUID }}.dcm"}}]
MERGES = ("A0001,S1,S1_A", "A0002,S1,S1_B")
DIVIDES = ("A0001,S1,S1_A", "A0003,S9,S9_B")


@pytest.mark.parametrize("in_one_list", [True, False])
@pytest.mark.parametrize(
    ("hides", "rows", "code", "exports"),
    [
        (("PatientID", "PatientBirthDate"), MERGES, "patients-merged", False),
        (("PatientID", "PatientBirthDate"), MERGES, "patients-merged", True),
        (("PatientID", "PatientName", "PatientBirthDate"), MERGES, "patients-merged", True),
        (("PatientID", "PatientName"), DIVIDES, "patient-over-several-subjects", False),
        (("PatientID", "PatientName", "PatientBirthDate"), DIVIDES,
         "patient-over-several-subjects", True),
    ],
)  # fmt: skip
def test_headers_say_whose_an_instance_is_where_a_pacs_tells_a_part(
    tmp_path: Path, hides: tuple[str, ...], rows: tuple[str, str], code: str, exports: bool,
    in_one_list: bool,
) -> None:  # fmt: skip
    of_first = {"PatientID": "P0001", "PatientName": "DOE^NR1"}
    paths = pacs.study(tmp_path / "in", 1, instances=1, **of_first)
    paths += pacs.study(tmp_path / "in", 2, instances=1, PatientName="DOE^NR1")
    paths += pacs.study(tmp_path / "in", 3, instances=1, **of_first)
    lists = ["\n".join(rows)] if in_one_list else [*rows]
    with (
        scripted([dcmread(path) for path in paths], Script(hides=hides)) as asked,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        for number, text in enumerate(lists):
            (tmp_path / f"{number}.csv").write_text(f"Accession Number,Subject,Session\n{text}\n")
            source = {"csv-dqr": {"file": f"{number}.csv", "pacs": "clinic"}}
            recipe = pacs_recipe(tmp_path, asked, xnat, source, routed=3, retrieve="c-get")
            if exports:
                with recipe.open() as file:
                    made = YAML(typ="safe").load(file)
                with recipe.open("w") as file:
                    YAML(typ="safe").dump(made | {"sinks": EXPORT}, file)
            result = ferry("run", recipe)
        recipe.write_text(recipe.read_text() + f"allow: [{code}]\n")
        allowed = ferry("run", recipe)

    assert result.returncode == 1, result.stdout + result.stderr
    assert code in result.stdout
    assert "Everything is stored" not in result.stdout
    assert allowed.returncode == 0, allowed.stdout
    arrived = [*(tmp_path / "out").rglob("*.dcm")] if exports else xnat.files()
    assert len(arrived) == 2

"""What a shell script does to DICOM files, as a recipe."""

from __future__ import annotations

import pytest

from dicomferry.contract import Translation
from dicomferry.recipe.yaml.reading import parse_document
from dicomferry_plugins.dcmtk_commands import dicomferry_importers
from support.published import PAGE


def translated(script: str) -> Translation:
    (importer,) = dicomferry_importers()
    found = importer.translate(script, "x")
    assert found is not None, "nothing in it was recognized"
    return found


def tree(script: str) -> dict[str, object]:
    plain = parse_document(translated(script).text, "x.yaml").plain
    assert isinstance(plain, dict)
    return dict(plain)


def remaps(script: str) -> list[object]:
    found = tree(script).get("transforms", [])
    assert isinstance(found, list)
    return [{key: value for key, value in step.items() if key != "when"} for step in found]  # type: ignore[union-attr]


def faults(script: str) -> list[str]:
    return [str(fault) for fault in translated(script).faults]


def test_the_page_becomes_a_recipe() -> None:
    recipe = tree(PAGE)

    assert recipe["sources"] == [{"folder": {"path": "/path/to/data", "include": ["**/*.dcm"]}}]
    assert recipe["servers"] == {
        "xnat": {
            "xnat": {
                "dicom": {
                    "host": "{{ params.xnat_server_ip }}",
                    "port": "{{ params.xnat_server_port }}",
                    "ae_title": "{{ params.aetitle }}",
                    "calling_ae_title": "STORESCU",
                }
            }
        }
    }
    assert remaps(PAGE) == [
        {
            "remap": {
                "set": {
                    "PatientID": "SESSIONID",
                    "PatientName": "SUBJECTID",
                    "StudyDescription": "PROJECTID",
                }
            }
        },
        {"remap": {"set": {"StudyInstanceUID": "{{ params.studyinstanceid }}"}}},
    ]
    assert recipe["sinks"] == [{"xnat-cstore": {"server": "xnat"}}]


def test_what_is_not_as_on_the_page_is_listed_with_its_line() -> None:
    sends, uid = faults(PAGE)

    assert sends.startswith("line 4: sends /path/to/local/data/**/*.dcm: not what is edited")
    assert uid.startswith("line 16: -i StudyInstanceUID: 'STUDYINSTANCEID' is no UID")


SEND = "storescu -aec A h 104 /d\n"


@pytest.mark.parametrize(
    "finding",
    [
        "find /d -name '*.dcm' -exec dcmodify -nb -i PatientID=x {} \\;",
        "find /d -name '*.dcm' -exec dcmodify -nb -i PatientID=x {} +",
        "find /d -type f -name '*.dcm' -print0 | xargs -0 -n 100 dcmodify -nb -i PatientID=x",
        "for f in $(find /d -name '*.dcm'); do dcmodify -nb -i PatientID=x \"$f\"; done",
        "find /d -name '*.dcm' | while read -r f; do\n  dcmodify -nb -i PatientID=x $f\ndone",
        "D=/d\nfind \"${D}\" -name *.dcm -exec dcmodify -nb -i 'PatientID=x' '{}' ';'",
        "dcmodify -nb -i PatientID=x /d/**/*.dcm",
    ],
)
def test_files_are_found_in_every_usual_way(finding: str) -> None:
    recipe = tree(finding + "\n")

    assert recipe["sources"] == [{"folder": {"path": "/d", "include": ["**/*.dcm"]}}]
    assert remaps(finding) == [{"remap": {"set": {"PatientID": "x"}}}]


@pytest.mark.parametrize(
    ("words", "remap"),
    [
        ("-i '(0010,0020)=x'", {"set": {"PatientID": "x"}}),
        ("--insert 0010,0020=x", {"set": {"PatientID": "x"}}),
        ("-i PatientID=", {"set": {"PatientID": ""}}),
        ("-i PatientID", {"set": {"PatientID": ""}}),
        ("-i 'ImageType=A\\B'", {"set": {"ImageType": "A\\B"}}),
        ("-imt -m PatientID=x", {"set_if_present": {"PatientID": "x"}}),
        ("-imt -e PatientID", {"delete": ["PatientID"]}),
        ("-ea PatientID -ea 0010,0010", {"delete": ["**.PatientID", "**.PatientName"]}),
        ("-imt -ma PatientID=x", {"set_if_present": {"**.PatientID": "x"}}),
        ("-ea PatientID -i StudyID=1", {"set": {"StudyID": "1"}, "delete": ["**.PatientID"]}),
        ("-ep", {"delete": [f"**.(xxx{digit},xxxx)" for digit in "13579bdf"]}),
        (
            "-i '(0040,0275)[0].(0040,0009)=1'",
            {"set": {"RequestAttributesSequence[0].ScheduledProcedureStepID": "1"}},
        ),
        ("-i '(0019,0010)=SITE' -i '(0019,1008)=x'",
         {"set": {"(0019,0010)": "SITE", "(0019,1008)": "x"}}),
        ("-i PatientID=$SUBJECT", {"set": {"PatientID": "{{ params.subject }}"}}),
        ("-imt -e StudyID -i PatientID=x -i StudyDate=20200101",
         {"set": {"PatientID": "x", "StudyDate": "20200101"}, "delete": ["StudyID"]}),
    ],
)  # fmt: skip
def test_edits_become_remaps(words: str, remap: object) -> None:
    assert remaps(f"dcmodify -nb {words} /d/*.dcm\n{SEND}") == [{"remap": remap}]


def test_the_order_of_edits_of_one_attribute_is_kept() -> None:
    script = "dcmodify -imt -e PatientID -i PatientID=x -i PatientID=y /d/*\n"

    assert remaps(script) == [
        {"remap": {"delete": ["PatientID"]}},
        {"remap": {"set": {"PatientID": "x"}}},
        {"remap": {"set": {"PatientID": "y"}}},
    ]


@pytest.mark.parametrize(
    "words",
    [
        "-i PatientID=1 -imt -ma PatientID=x",
        "-ea PatientID -i PatientID=1",
        "-i 'ReferencedStudySequence[0].PatientID=1' -ea PatientID",
        "-ea ReferencedStudySequence -i 'ReferencedStudySequence[0].PatientID=1'",
        "-ep -i '(0019,0010)=SITE'",
    ],
)
def test_an_edit_at_any_depth_keeps_its_place_among_those_it_meets(words: str) -> None:
    assert len(remaps(f"dcmodify -imt {words} /d/*\n")) == 2


def test_a_file_without_what_dcmodify_demands_is_left_alone() -> None:
    script = "dcmodify -i StudyID=1 -m PatientID=x -e 0008,0020 -m StudyID=2 /d/*\n"

    (step,) = tree(script)["transforms"]  # type: ignore[misc]
    assert step["when"] == "PatientID is defined and StudyDate is defined"  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("dcmodify -gst /d/*", "line 1: -gst: a new UID for each file"),
        ("dcmodify -ma PatientID=x /d/*", "line 1: -ma **.PatientID: dcmodify leaves a file"),
        ("dcmodify -ea 'S[0].PatientID' /d/*", "line 1: -ea S[0].PatientID: dcmodify takes"),
        ("dcmodify -if PixelData=x.raw /d/*", "line 1: -if PixelData: a recipe takes no value"),
        ("dcmodify -i 'S[*].PatientID=x' /d/*", "line 1: -i S[*].PatientID: it stands for items"),
        ("dcmodify -i PatientNmae=x /d/*", "line 1: -i PatientNmae: 'PatientNmae' is not a DICOM"),
        ("dcmodify -i 'PatientID={{ x }}' /d/*", "line 1: -i PatientID: a recipe takes {{"),
        ("storescu h 104 /d\ngdcmanon /d", "line 2: gdcmanon /d: dicomferry does not know"),
        ("storescu -usr me -pwd pw h 104 /d", "line 1: storescu -usr: a user name and password"),
        ("storescu", "line 1: storescu: it names no host and port"),
        ("storescu h 104", "line 1: the files: they are not named there"),
        ("find /d -name '*.dcm' -exec dcmodify -i StudyID=x {} +\nstorescu h 104 +sd +r /d",
         "line 2: sends /d/**/*: not what is edited"),
        (SEND + "dcmodify -i PatientID=x /d", "line 1: the order: it comes before an edit"),
        ("dcmodify -i A=x /d/*\ndcmodify -i StudyID=x /e/*",
         "line 2: dcmodify: it edits other files than line 1"),
        ("find /d -newer x -exec dcmodify -i StudyID=x {} +", "line 1: find -newer x: all files"),
    ],
)  # fmt: skip
def test_what_cannot_be_translated_is_listed(script: str, fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(script + "\n")), faults(script + "\n")


def test_a_password_does_not_get_into_the_recipe() -> None:
    assert "hunter2" not in translated("storescu -usr me -pwd hunter2 h 104 /d\n").text


def test_a_script_without_such_commands_is_not_recognized() -> None:
    (importer,) = dicomferry_importers()

    assert importer.translate("echo hello\n", "x") is None


def test_the_receiver_is_called_as_the_script_calls_it() -> None:
    (server,) = tree("dcmsend -aet ME -aec YOU h 8104 +sd +r /d\n")["servers"].values()  # type: ignore[attr-defined]

    assert server["xnat"]["dicom"] == {
        "host": "h", "port": 8104, "ae_title": "YOU", "calling_ae_title": "ME",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "include"),
    [
        ("+sd +r /d", "**/*"),
        ("+sd /d", "*"),
        ("+sd +r +sp '*.IMA' /d", "**/*.IMA"),
        ("/d/*.dcm", "*.dcm"),
        ("/d/one.dcm", "one.dcm"),
    ],
)
def test_what_is_sent_is_what_is_carried(words: str, include: str) -> None:
    sources = tree(f"storescu h 104 {words}\n")["sources"]

    assert sources == [{"folder": {"path": "/d", "include": [include]}}]

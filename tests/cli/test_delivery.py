"""The main job against real receivers: everything arrives, and only the edits differ."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydicom import dcmread

from support import servers
from support.cli import ferry
from support.compare import changed_tags, dumps, pixel_digest
from support.instances import make_instances

COUNT = 2000
EDITED = {"(0008,0080)", "(0008,1030)", "(0010,1000)", "(0010,4000)", "(0020,000d)", "(0019,1010)",
          "(0040,0275)"}  # fmt: skip
"""InstitutionName, StudyDescription, OtherPatientIDs, PatientComments, StudyInstanceUID, a private
element, and RequestAttributesSequence, in which the StudyInstanceUID is referred to."""


def by_sop(files: list[Path]) -> dict[str, Path]:
    found = {dcmread(f, specific_tags=["SOPInstanceUID"]).SOPInstanceUID: f for f in files}
    assert len(found) == len(files), "an instance arrived twice"
    return found


def assert_only_edits_differ(dcmdump: str, sent: list[Path], arrived: list[Path]) -> None:
    before, after = by_sop(sent), by_sop(arrived)
    assert after.keys() == before.keys()
    old, new = dumps(dcmdump, before.values()), dumps(dcmdump, after.values())
    for uid, file in before.items():
        changed = changed_tags(old[file], new[after[uid]])
        assert {"(0010,4000)", "(0020,000d)"} <= changed <= EDITED, uid
        assert pixel_digest(file) == pixel_digest(after[uid])


def test_storescp_gets_every_instance_changed_in_the_edits_alone(
    tmp_path: Path, dcmtk: Callable[[str], str], write_recipe: Callable[..., Path]
) -> None:
    sent = make_instances(tmp_path / "data", COUNT, sessions=20)
    with servers.storescp(tmp_path / "in", options=["--fork"]) as receiver:
        result = ferry("run", write_recipe(receiver))

        assert result.returncode == 0, result.stdout + result.stderr
        assert f"{COUNT:,} instances stored" in result.stdout
        assert_only_edits_differ(dcmtk("dcmdump"), sent, receiver.files())


def test_orthanc_gets_every_instance_changed_in_the_edits_alone(
    tmp_path: Path, dcmtk: Callable[[str], str], write_recipe: Callable[..., Path],
    orthanc: servers.Orthanc,
) -> None:  # fmt: skip
    sent = make_instances(tmp_path / "data", COUNT, sessions=20)

    result = ferry("run", write_recipe(orthanc))

    assert result.returncode == 0, result.stdout + result.stderr
    folder = tmp_path / "out"
    folder.mkdir()
    for instance in orthanc.instances():
        (folder / instance).write_bytes(orthanc.file(instance))
    assert_only_edits_differ(dcmtk("dcmdump"), sent, sorted(folder.iterdir()))


def test_a_second_run_sends_nothing_again(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "data", 20)
    recipe = write_recipe(storescp, dicom={"associations": 1})
    ferry("run", recipe)

    result = ferry("run", recipe)

    assert result.returncode == 0
    assert len(storescp.files()) == 20


def test_only_new_files_are_sent_by_the_next_run(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "all", 20)
    (tmp_path / "data").mkdir()
    files = [path for path in sorted((tmp_path / "all").rglob("*")) if path.is_file()]
    for number, file in enumerate(files[:10]):
        file.rename(tmp_path / "data" / str(number))
    recipe = write_recipe(storescp, dicom={"associations": 1})
    ferry("run", recipe)
    for number, file in enumerate(files[10:], 10):
        file.rename(tmp_path / "data" / str(number))

    result = ferry("run", recipe)

    assert result.returncode == 0
    assert "10 instances stored" in result.stdout
    assert len(storescp.files()) == 20


def test_what_was_stored_at_one_receiver_counts_for_nothing_at_another(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "data", 5)
    ferry("run", write_recipe(storescp, dicom={"associations": 1}))
    with servers.storescp(tmp_path / "other") as other:
        result = ferry("run", write_recipe(other, dicom={"associations": 1}))

        assert result.returncode == 0
        assert len(other.files()) == 5


def test_a_changed_recipe_sends_again_and_says_so(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "data", 5)
    ferry("run", write_recipe(storescp, dicom={"associations": 1}))
    labels = {"project": "P", "subject": "{{ PatientID }}", "session": "{{ PatientID }}_X"}
    changed = [{"identify": labels}]
    refused = ferry("run", write_recipe(storescp, dicom={"associations": 1}, transforms=changed))
    recipe = write_recipe(
        storescp, dicom={"associations": 1}, transforms=changed,
        allow=["stored-under-other-labels"],
    )  # fmt: skip

    plan = ferry("plan", recipe)
    result = ferry("run", recipe)

    assert refused.returncode == 2
    assert "stored-under-other-labels" in refused.stdout + refused.stderr
    assert "5 were stored before in another version" in plan.stdout
    assert result.returncode == 0
    assert len(storescp.files()) == 10


def test_limit_brings_that_many_sessions_and_the_next_run_goes_on(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "data", 20, sessions=4)
    recipe = write_recipe(storescp, dicom={"associations": 1})

    first = ferry("run", recipe, "--limit", 1)
    after_first = len(storescp.files())
    ferry("run", recipe)

    assert first.returncode == 0
    assert after_first == 5
    assert "15 still to bring" in first.stdout
    assert len(storescp.files()) == 20


def test_a_dry_run_sends_nothing(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "data", 5)

    result = ferry("run", write_recipe(storescp), "--dry-run")

    assert result.returncode == 0
    assert "Nothing was sent." in result.stdout
    assert storescp.files() == []


def test_every_sink_gets_every_instance(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "data", 6)
    layout = "{{ project }}/{{ session }}/{{ SOPInstanceUID }}.dcm"
    sinks = [{"xnat-cstore": {"server": "xnat"}}, {"export": {"path": "out", "layout": layout}}]

    result = ferry("run", write_recipe(storescp, sinks=sinks, dicom={"associations": 1}))

    assert result.returncode == 0, result.stderr
    assert len(storescp.files()) == 6
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 6


def test_a_sinks_when_keeps_an_instance_away_on_purpose(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    make_instances(tmp_path / "data", 6, sessions=3, series=1)
    sinks = [{"xnat-cstore": {"server": "xnat"}, "when": "InstanceNumber == 1"}]

    result = ferry("run", write_recipe(storescp, sinks=sinks, dicom={"associations": 1}))

    assert result.returncode == 0, result.stdout
    assert "3 instances stored, 3 excluded" in result.stdout
    assert len(storescp.files()) == 3

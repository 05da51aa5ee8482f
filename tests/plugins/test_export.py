from __future__ import annotations

import errno
import os
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import example, given, settings, strategies as st
from msgspec.structs import replace

from dicomferry.contract.sink import Consignment, Parcel
from dicomferry.dicom.edits import Edits
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.errors import DamagedError, FerryError
from dicomferry.model import Destination, Failed, Location, Outcome, Rejected, Stored
from dicomferry_plugins import _filing
from dicomferry_plugins._paths import MAX_BYTES, folded, safe_name
from dicomferry_plugins.export import dicomferry_sinks
from support.instances import part10

(component,) = dicomferry_sinks()

SESSION = Destination("P", "S", "E")


@pytest.fixture
def parcel(tmp_path: Path) -> Iterator[Callable[..., Parcel]]:
    """Give a function that makes a parcel of a real file."""
    from pydicom import Dataset
    from pydicom.uid import MRImageStorage

    with ExitStack() as opened:

        def made(uid: str = "1.2.3", to: Destination = SESSION, **elements: Any) -> Parcel:
            dataset = Dataset()
            dataset.SOPClassUID = MRImageStorage
            dataset.SOPInstanceUID = uid
            for keyword, value in elements.items():
                setattr(dataset, keyword, value)
            path = tmp_path / f"source-{len(list(tmp_path.iterdir()))}"
            path.write_bytes(part10(dataset))
            location = Location(str(path))
            instance = opened.enter_context(open_instance(open_blob(location), location))
            header = instance.header.edited(Edits())
            return Parcel(
                ref=header.ref,
                transfer_syntax_uid=instance.transfer_syntax_uid,
                header=header,
                destination=to,
                data_set=lambda: instance.data_set(header),
                file=lambda: instance.file(header),
            )

        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def store(build: Callable[..., Any]) -> Callable[..., Outcome]:
    """Give a function that exports one parcel in a consignment of its own."""

    def stored(parcel: Parcel, layout: str = "{{ SOPInstanceUID }}.dcm", **said: Any) -> Outcome:
        sink = build(component, path="out", layout=layout, **said)
        with sink.open(Consignment(parcel.destination, (), 1, 1)) as delivery:
            outcome: Outcome = delivery.store(parcel)
            return outcome

    return stored


def tree(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def content(parcel: Parcel) -> bytes:
    return b"".join(parcel.file().chunks())


def test_a_file_is_written_whole_under_its_layout(
    root: Path, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    sent = parcel(SeriesNumber=4)
    layout = "{{ project }}/{{ subject }}/{{ session }}/{{ SeriesNumber }}/{{ SOPInstanceUID }}.dcm"

    assert store(sent, layout) == Stored("P/S/E/4/1.2.3.dcm")
    assert (root / "P/S/E/4/1.2.3.dcm").read_bytes() == content(sent)
    assert tree(root) == ["P/S/E/4/1.2.3.dcm"]


def test_an_export_without_fsync_writes_the_same(
    root: Path, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    sent = parcel()
    store(sent, fsync=False)

    assert (root / "1.2.3.dcm").read_bytes() == content(sent)


def test_a_file_and_its_folder_are_on_disk_before_it_counts(
    store: Callable[..., Outcome],
    parcel: Callable[..., Parcel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    synced: list[str] = []

    def fsync(descriptor: int) -> None:
        synced.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))  # noqa: PTH119, PTH115 - a name

    monkeypatch.setattr(os, "fsync", fsync)
    store(parcel(), "{{ session }}/{{ SOPInstanceUID }}.dcm")
    made, file, folder = synced

    assert (made, folder) == ("out", "E")
    assert file.endswith(".part")


def test_an_unassigned_session_has_a_folder(
    store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    sent = parcel(to=Destination(None, None, "E"))

    assert store(sent, "{{ project }}/{{ session }}") == Stored("Unassigned/E")


def test_a_missing_value_rejects_the_instance(
    store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    outcome = store(parcel(), "{{ SeriesNumber }}/{{ SOPInstanceUID }}")

    assert isinstance(outcome, Rejected)
    assert "SeriesNumber" in outcome.reason


def test_an_empty_component_rejects_the_instance(
    store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    outcome = store(parcel(PatientID=""), "{{ PatientID }}/{{ SOPInstanceUID }}")

    assert outcome == Rejected("component 1 of the layout is empty")


def test_a_slash_in_a_value_begins_no_folder(
    store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    sent = parcel(SeriesDescription="T1/FLAIR", OtherPatientIDs=["A/B", "C"])
    layout = "{{ SeriesDescription }}/{{ OtherPatientIDs | join('-') }}.dcm"

    assert store(sent, layout) == Stored("T1_FLAIR/A_B-C.dcm")


def test_a_slash_that_comes_by_another_way_is_rejected(
    root: Path, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    sent = parcel(PatientID="../../etc")

    assert isinstance(store(sent, "{{ tag('0010,0020') }}/x"), Rejected)
    assert tree(root) == []


def test_the_same_content_again_is_stored(
    root: Path, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    sent = parcel()
    store(sent)

    assert store(sent) == Stored("1.2.3.dcm (already there, identical)")


def test_other_content_is_never_overwritten(
    root: Path, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    first = parcel(PatientID="1")
    store(first, "same.dcm")

    outcome = store(parcel("1.2.4", PatientID="22"), "same.dcm")
    assert isinstance(outcome, Rejected)
    assert "same.dcm" in outcome.reason
    assert "1.2.4" in outcome.reason
    assert (root / "same.dcm").read_bytes() == content(first)


def test_a_file_that_appears_meanwhile_is_never_overwritten(
    root: Path,
    store: Callable[..., Outcome],
    parcel: Callable[..., Parcel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_filing, "_holds_something", lambda target: False)
    root.mkdir()
    (root / "1.2.3.dcm").write_bytes(b"mine")

    assert isinstance(store(parcel()), Rejected)
    assert (root / "1.2.3.dcm").read_bytes() == b"mine"
    assert tree(root) == ["1.2.3.dcm"]


@pytest.mark.parametrize("obstacle", ["folder", "pipe", "link", "dangling"])
def test_what_is_no_file_is_never_opened_or_replaced(
    root: Path, store: Callable[..., Outcome], parcel: Callable[..., Parcel], obstacle: str
) -> None:
    root.mkdir()
    target = root / "1.2.3.dcm"
    match obstacle:
        case "folder":
            target.mkdir()
        case "pipe":
            os.mkfifo(target)
        case "link":
            (root / "other").write_bytes(b"mine")
            target.symlink_to("other")
        case _:
            target.symlink_to("absent")
    before = os.lstat(target)

    assert isinstance(store(parcel()), Rejected)
    assert os.path.samestat(before, os.lstat(target))


@pytest.mark.parametrize(
    ("first", "second"),
    [("Doe", "DOE"), ("stra\xdfe", "STRASSE"), ("a/doe", "A/other")],
)
def test_names_that_differ_in_case_only_collide(
    store: Callable[..., Outcome], parcel: Callable[..., Parcel], first: str, second: str
) -> None:
    store(parcel(), first)

    outcome = store(parcel("1.2.4"), second)
    assert isinstance(outcome, Rejected)
    assert "differ only in case" in outcome.reason


def test_a_decomposed_name_that_is_there_collides(
    root: Path, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    root.mkdir()
    (root / unicodedata.normalize("NFD", "\xe4")).write_bytes(b"mine")

    assert isinstance(store(parcel(), "\xe4"), Rejected)


def test_a_link_does_not_lead_out_of_the_folder(
    root: Path, tmp_path: Path, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    root.mkdir()
    (tmp_path / "outside").mkdir()
    (root / "E").symlink_to(tmp_path / "outside")

    assert isinstance(store(parcel(), "{{ session }}/x"), Rejected)
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_full_disk_is_noticed_before_writing(
    root: Path,
    store: Callable[..., Outcome],
    parcel: Callable[..., Parcel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = shutil.disk_usage("/")._replace(free=_filing.SPARE_BYTES)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    outcome = store(parcel())
    assert isinstance(outcome, Failed)
    assert outcome.retryable
    assert str(root) in outcome.reason
    assert tree(root) == []


def test_a_disk_that_fills_up_leaves_nothing_behind(
    root: Path,
    store: Callable[..., Outcome],
    parcel: Callable[..., Parcel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    outcome = store(parcel())
    assert outcome == Failed(
        f"{root / '1.2.3.dcm'}: cannot be written: No space left on device", retryable=True
    )
    assert tree(root) == []


def test_a_source_that_breaks_off_leaves_nothing_behind(
    root: Path, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    whole = parcel()

    class Broken:
        length = whole.file().length

        def chunks(self) -> Iterator[bytes]:
            yield b"half"
            raise DamagedError("became shorter while it was read")

    broken = replace(whole, file=lambda: cast("Any", Broken()))
    assert store(broken) == Rejected("became shorter while it was read")
    assert tree(root) == []


def test_what_a_killed_run_left_is_taken_away(
    root: Path,
    store: Callable[..., Outcome],
    parcel: Callable[..., Parcel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(temporary: Path, target: Path) -> None:
        raise KeyboardInterrupt

    sent = parcel()
    with monkeypatch.context() as patch:
        patch.setattr(_filing, "_publish", killed)
        patch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
        with pytest.raises(KeyboardInterrupt):
            store(sent)
    assert [name[-5:] for name in tree(root)] == [".part"]

    assert store(sent) == Stored("1.2.3.dcm")
    assert tree(root) == ["1.2.3.dcm"]


@pytest.fixture
def no_hard_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)


def test_a_disk_without_hard_links_will_do(
    root: Path, no_hard_links: None, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    sent = parcel()

    assert store(sent) == Stored("1.2.3.dcm")
    assert (root / "1.2.3.dcm").read_bytes() == content(sent)
    assert isinstance(store(parcel("1.2.3", PatientID="x")), Rejected)
    assert tree(root) == ["1.2.3.dcm"]


def test_a_name_reserved_by_a_killed_run_is_used_again(
    root: Path, no_hard_links: None, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    root.mkdir()
    (root / "1.2.3.dcm").touch()

    assert store(parcel()) == Stored("1.2.3.dcm")


def test_a_folder_that_cannot_be_made_is_an_error(
    root: Path, store: Callable[..., Outcome], parcel: Callable[..., Parcel]
) -> None:
    root.write_bytes(b"a file in the way")

    with pytest.raises(FerryError, match="export folder cannot be made"):
        store(parcel())


def test_the_sink_says_where_it_delivers(build: Callable[..., Any], root: Path) -> None:
    sink = build(component, path="out", layout="x", lanes=3)

    assert (sink.receiver, sink.server, sink.lanes) == (str(root), "", 3)


@pytest.mark.parametrize("layout", ["/x", "x/", "x//y", "../x", "x/./y", "{{ Nope }}"])
def test_a_layout_that_cannot_be_is_a_fault(
    faults: Callable[..., dict[str, str]], layout: str
) -> None:
    assert list(faults("sinks", "export", path="out", layout=layout)) == ["layout"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("../../etc/x", ".._.._etc_x"),
        ("..", "__"),
        (".", "_"),
        ("/abs", "_abs"),
        ("C:\\x", "C__x"),
        ("a\0b\nc", "a_b_c"),
        ("CON", "CON_"),
        ("con.dcm", "con_.dcm"),
        ("Com1.tar.gz", "Com1_.tar.gz"),
        ("CONTRAST", "CONTRAST"),
        ("x. .", "x___"),
        (" x ", "x"),
        ("a\u0308", "\xe4"),
        ("\u202eevil", "_evil"),
        ("\udcff", "_"),
        ("ROSSI^MARIA", "ROSSI^MARIA"),
        ("   ", ""),
    ],
)
def test_a_hostile_text_becomes_a_tame_name(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_long_names_are_cut_and_stay_apart() -> None:
    one, two = (safe_name("ä" * 300 + end + ".dcm") for end in ("1", "2"))

    assert one != two
    assert {len(name.encode()) for name in (one, two)} <= {MAX_BYTES, MAX_BYTES - 1}
    assert one.endswith(".dcm")


@given(st.text())
@example("\u037e")
@example("aux\u3000.x")
def test_every_name_is_safe(text: str) -> None:
    name = safe_name(text)

    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert name not in {".", ".."}
    assert len(name.encode()) <= MAX_BYTES
    assert name == name.rstrip(". ")
    assert unicodedata.is_normalized("NFC", name)


@given(st.text(max_size=20))
def test_a_safe_name_stays_as_it_is(text: str) -> None:
    assert safe_name(safe_name(text)) == safe_name(text)


@given(st.text(max_size=20))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


HOSTILE = st.one_of(
    st.sampled_from("./\\ ~:"), st.characters(codec="utf-8", exclude_characters="\\")
)


@settings(max_examples=60)
@given(st.text(HOSTILE, max_size=64))
@example("../../../../escaped")
@example("/escaped")
@example("{{ 7 * 7 }}")
def test_no_value_leads_outside_the_folder(
    tmp_path: Path,
    root: Path,
    store: Callable[..., Outcome],
    parcel: Callable[..., Parcel],
    patient: str,
) -> None:
    sent = parcel()
    outside = {path.name for path in tmp_path.iterdir()} | {"out"}
    layout = "{{ subject }}/{{ session }}/x"
    destined = replace(sent, destination=Destination("P", patient, patient))

    outcome = store(destined, layout)
    assert {path.name for path in tmp_path.iterdir()} <= outside
    if isinstance(outcome, Stored):
        written = (root / outcome.receipt.removesuffix(" (already there, identical)")).resolve()
        assert written.is_relative_to(root)
        assert len(written.relative_to(root).parts) == 3

"""Build a small archive as an old disk holds it: for `make demo` and for the tests.

Run as a script it takes the folder to build in. What is there is byte for byte the same on every
build: real files that pydicom ships, generated series of four vendors, and junk.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if __package__:
    from support.instances import CT_IMAGE, ENHANCED_MR_IMAGE, image, part10, uid
else:
    from instances import CT_IMAGE, ENHANCED_MR_IMAGE, image, part10, uid

if TYPE_CHECKING:
    from pydicom import Dataset

IMAGES = 6
"""Images in a generated series."""

VENDORS = {
    "SIEMENS": ("SIEMENS MR HEADER", 0x0019),
    "GE MEDICAL SYSTEMS": ("GEMS_PARM_01", 0x0043),
    "Philips Medical Systems": ("Philips Imaging DD 001", 0x2001),
    "TOSHIBA_MEC": ("TOSHIBA_MEC_MR3", 0x0029),
}


def build(folder: Path) -> None:
    """Build the archive in `folder`, which must not be there yet or be empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    _one_visit_of_three_studies(folder / "MC0007" / "visit1")
    _a_second_visit(folder / "MC0007" / "visit2")
    _one_patient_spelt_two_ways(folder / "MC0012")
    _a_multi_frame(folder / "MC0019" / "visit1")
    _a_computed_tomography(folder / "MC0023" / "visit1")
    _a_zipped_visit(folder / "old_cds" / "disc1.zip")
    _real_files(folder / "unsorted")
    _junk(folder)


def series(
    patient: tuple[str, str],
    date: str,
    number: int,
    *,
    vendor: str,
    study: str = "",
    **more: object,
) -> list[bytes]:
    """Return a series of six images of one patient, given by PatientID and PatientName."""
    patient_id, patient_name = patient
    study = study or uid("study", patient_id, date)
    creator, group = VENDORS[vendor]
    files = []
    for i in range(IMAGES):
        elements: dict[str, object] = {
            "SOPInstanceUID": uid("instance", study, number, i),
            "StudyInstanceUID": study,
            "SeriesInstanceUID": uid("series", study, number),
            "PatientID": patient_id,
            "PatientName": patient_name,
            "OtherPatientIDs": "OLD-1",
            "StudyDate": date,
            "StudyTime": "093000",
            "StudyDescription": "MEMORY CLINIC HEAD",
            "SeriesNumber": number,
            "SeriesDescription": f"t{number} axial",
            "InstanceNumber": i + 1,
            "Manufacturer": vendor,
            "InstitutionName": "Dept. of Radiology",
        }
        dataset = image(elements | more)
        block = dataset.private_block(group, creator, create=True)
        block.add_new(0x10, "LO", "vendor's own")
        files.append(part10(dataset))
    return files


def _write(folder: Path, files: list[bytes], *, first: int = 1) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, content in enumerate(files, first):
        (folder / f"IM{i:06}").write_bytes(content)


def _one_visit_of_three_studies(folder: Path) -> None:
    for number in (1, 2, 3):
        study = uid("study", "MC0007", "20040315", number)
        files = series(("MC0007", "DOE^JOHN"), "20040315", number, vendor="SIEMENS", study=study)
        _write(folder / f"se{number}", files)


def _a_second_visit(folder: Path) -> None:
    patient = ("MC0007", "DOE^JOHN")
    for number in (1, 2):
        _write(folder / f"se{number}", series(patient, "20060320", number, vendor="SIEMENS"))
    twin = (folder / "se1" / "IM000001").read_bytes()
    (folder / "se1" / "IM000001 copy").write_bytes(twin)


def _one_patient_spelt_two_ways(folder: Path) -> None:
    vendor = "Philips Medical Systems"
    for number in (1, 2):
        files = series(("MC0012", "ROSSI^MARIA"), "20051108", number, vendor=vendor)
        _write(folder / "visit1" / f"se{number}", files)
    files = series(("MC12", "Rossi^Maria "), "20071203", 1, vendor=vendor)
    _write(folder / "visit2" / "se1", files)


def _a_multi_frame(folder: Path) -> None:
    from pydicom import Dataset

    study = uid("study", "MC0019", "20080910")
    dataset = image(
        {
            "SOPClassUID": ENHANCED_MR_IMAGE,
            "SOPInstanceUID": uid("instance", study),
            "StudyInstanceUID": study,
            "SeriesInstanceUID": uid("series", study),
            "ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
            "PatientID": "MC0019",
            "PatientName": "MÜLLER^ZOË",
            "SpecificCharacterSet": "ISO_IR 100",
            "StudyDate": "20080910",
            "StudyDescription": "MEMORY CLINIC HEAD",
            "SeriesNumber": 1,
            "InstanceNumber": 1,
            "Manufacturer": "Philips Medical Systems",
            "NumberOfFrames": 8,
        },
        frames=8,
    )
    dataset.SharedFunctionalGroupsSequence = [Dataset()]
    dataset.PerFrameFunctionalGroupsSequence = [_frame(i) for i in range(8)]
    _write(folder, [part10(dataset)])


def _frame(number: int) -> Dataset:
    from pydicom import Dataset

    content, position, item = Dataset(), Dataset(), Dataset()
    content.StackID = "1"
    content.InStackPositionNumber = number + 1
    position.ImagePositionPatient = [0, 0, 4 * number]
    item.FrameContentSequence = [content]
    item.PlanePositionSequence = [position]
    return item


def _a_computed_tomography(folder: Path) -> None:
    for number in (1, 2):
        files = series(
            ("MC0023", "NOVAK^JAN"),
            "20090112",
            number,
            vendor="GE MEDICAL SYSTEMS",
            SOPClassUID=CT_IMAGE,
            Modality="CT",
            RescaleIntercept="-1024",
            RescaleSlope="1",
        )
        _write(folder, files, first=IMAGES * (number - 1) + 1)


def _a_zipped_visit(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        files = series(("MC0031", "YILMAZ^AYSE"), "20031212", 1, vendor="TOSHIBA_MEC")
        for i, content in enumerate(files, 1):
            entry = zipfile.ZipInfo(f"MC0031/visit1/IM{i:06}", (2003, 12, 12, 9, 30, 0))
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


def _real_files(folder: Path) -> None:
    """Copy what pydicom ships: CT and MR of two vendors, JPEG, Japanese names, a DICOMDIR."""
    import pydicom

    data = Path(pydicom.__file__).parent / "data"
    folder.mkdir()
    for name, source in {
        "CT1": "test_files/CT_small.dcm",
        "MR1": "test_files/MR_small.dcm",
        "NM1": "test_files/JPEG-lossy.dcm",
        "PICTURE": "test_files/SC_rgb_jpeg_dcmtk.dcm",
        "YAMADA": "charset_files/chrH31.dcm",
        "LUXEMBOURG": "charset_files/chrRuss.dcm",
        "DICOMDIR": "test_files/dicomdirtests/DICOMDIR",
    }.items():
        (folder / name).write_bytes((data / source).read_bytes())


def _junk(folder: Path) -> None:
    whole = (folder / "unsorted" / "MR1").read_bytes()
    (folder / "unsorted" / "MR1_part").write_bytes(whole[: len(whole) * 2 // 3])
    (folder / "unsorted" / "EMPTY").write_bytes(b"")
    (folder / "MC0007" / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    (folder / ".DS_Store").write_bytes(b"\x00\x00\x00\x01Bud1")
    (folder / "README.txt").write_text("Disk 3 of the memory clinic, copied in 2011.\n")


if __name__ == "__main__":
    build(Path(sys.argv[1]))

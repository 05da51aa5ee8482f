"""What an XNAT calls the scans, folders and files that it keeps."""

from __future__ import annotations

import re

from dicomferry import Header
from dicomferry.xnat import Generation, Reader, to_label, uid_hash

_FOLDER = re.compile(r"[\w.-]+", re.ASCII)
_UNSAFE = re.compile(r"[^\w.-]", re.ASCII)
_SERIES_NUMBER = 0x00200011
_INSTANCE_NUMBER = 0x00200013


def scan_folder(series_number: str, series_instance_uid: str, generation: Generation) -> str:
    """Return the folder below `SCANS/` (XNAT's `Restructurer.determineScanSubdir`).

    Since 1.10 a leading `+` is a `_`; before, such a number is no name of a folder.
    """
    if generation is Generation.XNAT_1_10 and series_number.startswith("+"):
        series_number = f"_{series_number[1:]}"
    if _FOLDER.fullmatch(series_number) and series_number.strip("."):
        return series_number
    return to_label(series_instance_uid) or "NA"


def file_name(header: Header, reader: Reader) -> str:
    """Return the name a received instance is stored by: XNAT's default `dicomFileNameTemplate`.

    The same instance sent again has the same name, and overwrites what was there.
    """
    ref = header.ref
    parts = (
        ref.study_instance_uid or "no-value-for-StudyInstanceUID",
        reader.text(header, _SERIES_NUMBER) or "no-value-for-SeriesNumber",
        reader.text(header, _INSTANCE_NUMBER) or "no-value-for-InstanceNumber",
        uid_hash(ref.sop_class_uid, ref.sop_instance_uid),
    )
    return _UNSAFE.sub("_", "-".join(parts)) + ".dcm"

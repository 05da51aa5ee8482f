"""Survey a folder: read some instances, their headers and the names of their folders."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from dicomferry.contract.source import Look
from dicomferry.dicom.archive import is_archive
from dicomferry.dicom.instance import open_instance
from dicomferry.dicom.opening import open_blob
from dicomferry.dicom.patient import Patient
from dicomferry.errors import FerryError
from dicomferry.model import Location

KEYWORDS: Final = (
    "PatientID", "PatientName", "PatientBirthDate", "StudyDescription", "StudyDate", "Modality",
)  # fmt: skip
LEVELS: Final = ("subject", "visit")
"""The names that templates know the first two levels of folders by, as `path.subject`."""

_DAYS: Final = ("StudyDate", "AcquisitionDate", "SeriesDate", "ContentDate")
_MOST_FILES: Final = 400
_MOST_IN_ONE: Final = 2
_MOST_SPARE: Final = 100
"""Files of one folder that are looked at once two of every folder were."""


class Sampled(Struct, frozen=True):
    """One instance that was read: the folders above it, and its values without padding."""

    folders: tuple[str, ...]
    values: Mapping[str, str]
    study_instance_uid: str
    patient: Patient = Patient()
    day: str = ""
    """StudyDate, or else the day of the acquisition, the series or the content."""


class Survey(Struct, frozen=True):
    """The sampled instances; `others` counts the files that are no instance."""

    samples: tuple[Sampled, ...]
    others: int
    archives: bool

    def filled(self, keyword: str) -> bool:
        """Tell whether every sampled instance has a value."""
        return all(sample.values[keyword] for sample in self.samples)

    def distinct(self, keyword: str) -> int:
        """Return the number of different values; the empty value does not count."""
        return len({sample.values[keyword] for sample in self.samples} - {""})

    def folders(self, level: int) -> int:
        """Return the number of folder names at a level; 0 when an instance lies above the level."""
        if any(len(sample.folders) <= level for sample in self.samples):
            return 0
        return len({sample.folders[level] for sample in self.samples})

    def agrees(self, keyword: str, level: int) -> bool:
        """Tell whether each folder of a level has one value, and each value one folder."""
        by_folder, by_value = defaultdict(set), defaultdict(set)
        for sample in self.samples:
            by_folder[sample.folders[level]].add(sample.values[keyword])
            by_value[sample.values[keyword]].add(sample.folders[level])
        return all(len(found) == 1 for found in (*by_folder.values(), *by_value.values()))


def survey(folder: Path, look_at: Look) -> Iterator[Survey]:
    """Read two instances of every folder below `folder`, and more of them while they are few.

    It yields one survey, and tells `look_at` each path before it looks at it. Raises `FerryError`
    when there is no such folder, or no instance in it.
    """
    look_at(str(folder))
    if not folder.is_dir():
        raise FerryError(f"{folder}: there is no such folder", hint="check the spelling")
    samples: list[Sampled] = []
    spare: list[Path] = []
    others, archives = 0, False

    def look(path: Path) -> bool:
        nonlocal others
        look_at(str(path))
        sample = _sample(path, path.relative_to(folder).parts[:-1])
        if sample is None:
            others += 1
        else:
            samples.append(sample)
        return sample is not None

    for here, names in _walk(folder):
        look_at(str(here))
        found = [here / name for name in names]
        paths = [path for path in found if not is_archive(path)]
        archives = archives or len(paths) < len(found)
        taken = tried = 0
        while tried < len(paths) and taken < _MOST_IN_ONE and len(samples) < _MOST_FILES:
            taken += look(paths[tried])
            tried += 1
        rest = paths[tried:]
        spare += rest[:: max(1, len(rest) // _MOST_SPARE)]
        del spare[_MOST_FILES:]
    # One folder may hold many patients: what room is left is for files from all over it.
    for path in spare[: _MOST_FILES - len(samples)]:
        look(path)
    if not samples:
        raise FerryError(f"{folder}: no DICOM instance was found", hint="is it the right folder?")
    yield Survey(tuple(samples), others, archives)


def _walk(folder: Path) -> Iterator[tuple[Path, Sequence[str]]]:
    for here, folders, names in os.walk(folder):
        folders.sort()
        yield Path(here), sorted(names)


def _sample(path: Path, folders: tuple[str, ...]) -> Sampled | None:
    location = Location(str(path))
    try:
        with open_instance(open_blob(location), location) as instance:
            header = instance.header
            values = {keyword: header.text(keyword) or "" for keyword in KEYWORDS}
            patient = Patient.of(header.text)
            day = next(filter(None, map(header.text, _DAYS)), "")
            return Sampled(folders, values, header.ref.study_instance_uid, patient, day)
    except (FerryError, OSError):
        return None

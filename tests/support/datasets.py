"""Small data sets of one root UID, told apart by numbers."""

from __future__ import annotations

from typing import Any

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from support.instances import MR_IMAGE

ROOT = "1.2.826.0.1.3680043.8.498.77"


def dataset_of(instance: int = 1, series: int = 1, study: int = 1, **elements: Any) -> Dataset:
    """Return a small data set; `elements` are set by keyword."""
    made = Dataset()
    made.SOPClassUID = MR_IMAGE
    made.StudyInstanceUID = f"{ROOT}.{study}"
    made.SeriesInstanceUID = f"{ROOT}.{study}.{series}"
    made.SOPInstanceUID = f"{ROOT}.{study}.{series}.{instance}"
    made.Modality = "MR"
    made.SeriesNumber = series
    made.InstanceNumber = instance
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    made.ensure_file_meta()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made

"""Headers and stand-ins for the tests of XNAT's emulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from dicomferry.dicom.header import Header
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry.xnat.receiver import StandIn

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
ROOT = "1.2.826.0.1.3680043.8.498.77"

MakeDataset = Callable[..., Dataset]
MakeHeader = Callable[..., Header]
Start = Callable[..., StandIn]


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


@pytest.fixture
def make_dataset() -> MakeDataset:
    return dataset_of


@pytest.fixture
def header() -> MakeHeader:
    def make(**elements: Any) -> Header:
        return Header.of(dataset_of(**elements))

    return make


@pytest.fixture
def start() -> Iterator[Start]:
    """Start stand-ins that stop with the test; projects P1 and P2 are there."""
    with ExitStack() as stack:

        def run(identifier: Any = None, storage: Any = None, **options: Any) -> StandIn:
            known = identifier or ClassicIdentifier(Identification(projects=["P1", "P2"]))
            return stack.enter_context(StandIn(known, storage, **options))

        yield run

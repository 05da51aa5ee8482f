"""Headers for the tests of XNAT's emulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dicomferry.dicom.header import Header
from support.datasets import dataset_of

MakeHeader = Callable[..., Header]


@pytest.fixture
def header() -> MakeHeader:
    def make(**elements: Any) -> Header:
        return Header.of(dataset_of(**elements))

    return make

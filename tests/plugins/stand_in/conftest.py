"""Data sets, and stand-ins to send them to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pydicom import Dataset

from dicomferry.xnat import ClassicIdentifier, Identification
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.datasets import dataset_of

MakeDataset = Callable[..., Dataset]
Start = Callable[..., XnatStandIn]


@pytest.fixture
def make_dataset() -> MakeDataset:
    return dataset_of


@pytest.fixture
def start() -> Iterator[Start]:
    """Start stand-ins that stop with the test; projects P1 and P2 are there."""
    with ExitStack() as stack:

        def run(identifier: Any = None, storage: Any = None, **options: Any) -> XnatStandIn:
            known = identifier or ClassicIdentifier(Identification(projects=["P1", "P2"]))
            return stack.enter_context(XnatStandIn(known, storage, **options))

        yield run

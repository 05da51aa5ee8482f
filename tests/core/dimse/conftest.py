"""Both transports against the same receivers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.splice import Spliced
from dicomferry.dimse import (
    Peer,
    StorageAssociation,
    StoreResponse,
    Timeouts,
    Transport,
    open_association,
)
from support.instances import CT_IMAGE, EXPLICIT_LITTLE, pixels
from support.misbehaving import AE_TITLE, HOST, Receiver, serving
from support.patience import PATIENCE

CT = (CT_IMAGE, EXPLICIT_LITTLE)


@pytest.fixture(params=["fast", "pynetdicom"])
def transport(request: pytest.FixtureRequest) -> Transport:
    """Name each transport in turn."""
    name: Transport = request.param
    return name


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a running receiver that does as it should until it is told otherwise."""
    with serving(Receiver()) as running:
        yield running


def peer_to(
    port: int, *, association: float = PATIENCE, response: float = PATIENCE, called: str = AE_TITLE
) -> Peer:
    """Return a loopback peer; its time limits are short where a test waits for their end."""
    return Peer(HOST, port, called, "FERRY", Timeouts(PATIENCE, association, response))


@pytest.fixture
def to_peer() -> Callable[..., Peer]:
    """Give `peer_to`."""
    return peer_to


class Sender:
    """Associations of one transport that are ended with the test."""

    def __init__(self, transport: Transport, stack: ExitStack) -> None:
        self.transport: Transport = transport
        self._stack = stack

    def open(self, port: int, *contexts: tuple[str, str], **limits: Any) -> StorageAssociation:
        """Associate, by default for CT images in explicit VR little endian."""
        peer = peer_to(port, **limits)
        association = open_association(peer, contexts or (CT,), self.transport)
        self._stack.callback(association.abort)
        return association


@pytest.fixture
def sender(transport: Transport) -> Iterator[Sender]:
    """Give a way to associate by each transport."""
    with ExitStack() as stack:
        yield Sender(transport, stack)


def spliced(data: bytes) -> Spliced:
    """Return bytes as a data set to send: a new piece, and a stretch of a blob."""
    middle = len(data) // 3
    return Spliced([data[:middle], (middle, len(data))], BytesBlob(data), 0)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def store() -> Callable[..., tuple[StoreResponse, str]]:
    """Give a way to store noise of a length; it returns the answer and the noise's SHA-256."""

    def send(
        association: StorageAssociation, uid: str = "1.2.3", length: int = 50_000
    ) -> tuple[StoreResponse, str]:
        data = pixels(uid, length)
        return association.store(CT[0], uid, CT[1], spliced(data)), sha256(data)

    return send

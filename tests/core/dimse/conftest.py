"""Both transports against the same receivers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from dicomferry.dicom.blob import BytesBlob
from dicomferry.dicom.splice import Spliced
from dicomferry.dimse import (
    Peer,
    StorageAssociation,
    StoreResponse,
    Syntaxes,
    Timeouts,
    open_association,
)
from support.instances import CT_IMAGE, EXPLICIT_LITTLE, pixels
from support.misbehaving import AE_TITLE, HOST, Receiver, serving
from support.patience import PATIENCE
from support.reference_transport import open_reference

CT = (CT_IMAGE, EXPLICIT_LITTLE)


Open = Callable[[Peer, Sequence[Syntaxes]], StorageAssociation]


@pytest.fixture(params=[open_association, open_reference])
def associate(request: pytest.FixtureRequest) -> Open:
    """Give dicomferry's way to associate, and pynetdicom's, in turn."""
    way: Open = request.param
    return way


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

    def __init__(self, associate: Open, stack: ExitStack) -> None:
        self._associate = associate
        self._stack = stack

    def open(self, port: int, *contexts: tuple[str, str], **limits: Any) -> StorageAssociation:
        """Associate, by default for CT images in explicit VR little endian."""
        peer = peer_to(port, **limits)
        association = self._associate(peer, contexts or (CT,))
        self._stack.callback(association.abort)
        return association


@pytest.fixture
def sender(associate: Open) -> Iterator[Sender]:
    """Give a way to associate by each transport."""
    with ExitStack() as stack:
        yield Sender(associate, stack)


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

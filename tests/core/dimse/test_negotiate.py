"""What is proposed is what pynetdicom would propose, and an answer is read as it would read it."""

from __future__ import annotations

import struct
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given, settings, strategies as st
from pydicom.uid import UID
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    UserIdentityNegotiation,
)
from pynetdicom.presentation import build_context

from dicomferry.dimse.association import (
    AssociationLostError,
    AssociationRejectedError,
    ContextRefusedError,
)
from dicomferry.dimse.contexts import context_id
from dicomferry.dimse.negotiate import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    agreement,
    associate_rq,
)
from dicomferry.peer import Peer, UserIdentity

CT, EXPLICIT, JPEG = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.70"
CONTEXTS = [(CT, EXPLICIT), (CT, JPEG), ("1.2.3", EXPLICIT)]
PEER = Peer("host", 104, "XNAT", "FERRY")

titles = st.text(st.sampled_from("ABCXYZ0189_-"), min_size=1, max_size=16)
uids = st.lists(st.integers(0, 99999), min_size=2, max_size=8).map(
    lambda parts: ".".join(map(str, parts))
)
identities = st.none() | st.builds(
    UserIdentity, st.text(min_size=1, max_size=20), st.text(max_size=20)
)
peers = st.builds(
    Peer, st.just("host"), st.just(104), titles, titles, user_identity=identities,
    max_pdu_length=st.integers(0, 1 << 20),
)  # fmt: skip


def _item(identity: UserIdentity) -> UserIdentityNegotiation:
    item = UserIdentityNegotiation()
    item.user_identity_type = 2 if identity.passcode else 1
    item.positive_response_requested = False
    item.primary_field = identity.user_name.encode()
    if identity.passcode:
        item.secondary_field = identity.passcode.encode()
    return item


def primitive(
    peer: Peer, contexts: list[tuple[str, str]], results: list[int] | None = None
) -> A_ASSOCIATE:
    """Return pynetdicom's request, or with `results` its answer."""
    made = A_ASSOCIATE()
    made.application_context_name = UID("1.2.840.10008.3.1.1.1")
    made.called_ae_title, made.calling_ae_title = peer.called_ae_title, peer.calling_ae_title
    longest, implementation, version = (
        MaximumLengthNotification(), ImplementationClassUIDNotification(),
        ImplementationVersionNameNotification(),
    )  # fmt: skip
    longest.maximum_length_received = peer.max_pdu_length
    implementation.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
    version.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    made.user_information = [longest, implementation, version]
    if peer.user_identity and results is None:
        made.user_information.append(_item(peer.user_identity))
    built = [build_context(*pair) for pair in contexts]
    for position, context in enumerate(built):
        context.context_id = context_id(position)
        context.result = None if results is None else results[position]
    if results is None:
        made.presentation_context_definition_list = built
    else:
        made.presentation_context_definition_results_list = built
        made.result, made.result_source = 0, 1
    return made


def acceptance(peer: Peer, contexts: list[tuple[str, str]], results: list[int]) -> bytes:
    """Return the variable field of the A-ASSOCIATE-AC that pynetdicom would send."""
    return A_ASSOCIATE_AC(primitive(peer, contexts, results)).encode()[6:]


@settings(deadline=None)
@given(peer=peers, contexts=st.lists(st.tuples(uids, uids), min_size=1, max_size=128, unique=True))
def test_a_request_is_pynetdicoms_byte_by_byte(peer: Peer, contexts: list[tuple[str, str]]) -> None:
    assert associate_rq(peer, contexts) == A_ASSOCIATE_RQ(primitive(peer, contexts)).encode()


@settings(deadline=None)
@given(
    data=st.data(), contexts=st.lists(st.tuples(uids, uids), min_size=1, max_size=20, unique=True)
)
def test_an_answer_of_pynetdicoms_is_read(
    data: st.DataObject, contexts: list[tuple[str, str]]
) -> None:
    results = data.draw(st.lists(st.integers(0, 4), min_size=len(contexts), max_size=len(contexts)))
    body = acceptance(PEER, contexts, results)
    taken = {pair: context_id(at) for at, pair in enumerate(contexts) if results[at] == 0}

    if not taken:
        with pytest.raises(ContextRefusedError):
            agreement(PEER, contexts, 2, body)
        return
    agreed = agreement(PEER, contexts, 2, body)
    assert agreed.accepted == taken
    assert agreed.max_pdu_length == PEER.max_pdu_length


def test_a_context_accepted_in_another_transfer_syntax_is_not_taken() -> None:
    body = acceptance(PEER, [(CT, JPEG), CONTEXTS[1]], [0, 0])

    assert agreement(PEER, CONTEXTS[:2], 2, body).accepted == {CONTEXTS[1]: 3}


def test_a_padded_uid_is_still_that_uid() -> None:
    body = acceptance(PEER, CONTEXTS[:1], [0])
    at = body.index(EXPLICIT.encode())
    length = len(EXPLICIT)
    # The transfer syntax, its sub-item, and the context that holds it grow by one byte each.
    padded = body[: at - 2] + struct.pack(">H", length + 1) + EXPLICIT.encode() + b"\0"
    padded += body[at + length :]
    outer = at - 4 - 4 - 2
    grown = struct.unpack_from(">H", padded, outer)[0] + 1
    padded = padded[:outer] + struct.pack(">H", grown) + padded[outer + 2 :]

    assert agreement(PEER, CONTEXTS[:1], 2, padded).accepted == {CONTEXTS[0]: 1}


@settings(deadline=None)
@given(data=st.data())
def test_a_damaged_answer_is_told_as_such_or_takes_no_more_than_was_proposed(
    data: st.DataObject,
) -> None:
    body = bytearray(acceptance(PEER, CONTEXTS, [0, 3, 0]))
    for _ in range(data.draw(st.integers(0, 4))):
        body[data.draw(st.integers(66, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))

    with suppress(AssociationLostError, ContextRefusedError):
        assert set(agreement(PEER, CONTEXTS, 2, bytes(body[:cut])).accepted) <= set(CONTEXTS)


def test_a_rejection_has_its_reason() -> None:
    with pytest.raises(AssociationRejectedError, match="called AE title"):
        agreement(PEER, CONTEXTS, 3, bytes([0, 1, 1, 7]))


def test_to_negotiate_needs_no_import_of_pynetdicom() -> None:
    code = (
        "import sys\nfrom dicomferry.dimse.association import Peer\n"
        "from dicomferry.dimse.fast import open_association\n"
        "from dicomferry.dimse.negotiate import associate_rq\n"
        f"associate_rq(Peer('host', 104, 'A', 'B'), {CONTEXTS!r})\n"
        "sys.exit('pynetdicom' in sys.modules or 'pydicom' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""What XNAT's own classes said, asked of the stand-in: objects sent byte by byte over C-STORE.

The sender is pynetdicom, which passes the bytes of a data set on as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE

from dicomferry.xnat import ClassicIdentifier, Identification
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.java_vectors import (
    GENERATIONS,
    Vector,
    data_set,
    is_firm,
    is_implicit,
    java_vectors,
    options_of,
)
from support.patience import PATIENCE
from support.scu import undisturbed

VECTORS = java_vectors()


def associate(standin: XnatStandIn) -> Association:
    entity = AE("SENDER")
    entity.dimse_timeout = PATIENCE
    # a context for each syntax: a data set goes out in the one that its bytes are in
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        entity.add_requested_context(MRImageStorage, syntax)
    association = entity.associate(standin.host, standin.port, ae_title=standin.ae_title)
    assert association.is_established
    return association


def status_of(association: Association, vector: Vector) -> int:
    syntax = ImplicitVRLittleEndian if is_implicit(vector) else ExplicitVRLittleEndian
    (context,) = (
        context for context in association.accepted_contexts if context.transfer_syntax[0] == syntax
    )
    request = C_STORE()
    request.MessageID = 1
    request.Priority = 2
    request.AffectedSOPClassUID = MRImageStorage
    request.AffectedSOPInstanceUID = "1.2.3.4"
    request.DataSet = BytesIO(data_set(vector))
    with undisturbed(association):
        association.dimse.send_msg(request, context.context_id)
        _, answer = association.dimse.get_msg(block=True)
    return int(answer.Status)


def landed(standin: XnatStandIn, association: Association, vector: Vector) -> dict[str, Any]:
    """Send a vector; return where it landed as the vector says it, `refused` with nothing else."""
    before = len(standin.receipts())
    status = status_of(association, vector)
    receipts = standin.receipts()
    if status != 0x0000:
        assert status == 0xC000
        assert len(receipts) == before
        return {"project": None, "subject": None, "session": None, "refused": True}
    place = receipts[-1].destination
    return {
        "project": place.project,
        "subject": place.subject,
        "session": place.session,
        "refused": False,
    }


@pytest.fixture(scope="module")
def line() -> Iterator[tuple[XnatStandIn, Association]]:
    """A stand-in that is given the rules of one vector after another, and a line to it."""
    settings = SiteSettings(prearchive_code=0)
    with XnatStandIn(ClassicIdentifier(Identification()), settings=settings) as standin:
        association = associate(standin)
        yield standin, association
        association.release()


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("kind", dict.fromkeys(vector["class"] for vector in VECTORS))
def test_the_receiver_files_as_xnats_own_classes_say(
    line: tuple[XnatStandIn, Association], kind: str, generation: str
) -> None:
    standin, association = line
    for vector in VECTORS:
        if vector["class"] != kind or not is_firm(vector, generation):
            continue
        standin.site.configure(options_of(vector["server"], generation))
        expected = dict(vector["expect"][GENERATIONS[generation]])
        del expected["auto_archive"]
        found = landed(standin, association, vector)
        # what cannot be told is refused: the stand-in takes nothing that it cannot name
        if not (found["refused"] and vector.get("unknown_allowed")):
            assert found == expected, vector["id"]

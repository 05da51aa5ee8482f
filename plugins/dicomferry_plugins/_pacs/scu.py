"""An association for queries and retrievals, by pynetdicom: speed is the PACS's affair there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dicomferry.dicom import quietly
from dicomferry.dimse import AssociationLostError, Peer
from dicomferry_plugins._pacs.checkpoint import Checkpoint
from dicomferry_plugins._pacs.entity import associate

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.association import Association
    from pynetdicom.events import Event

_MODELS = "1.2.840.10008.5.1.4.1.2."
FIND = (f"{_MODELS}2.1", f"{_MODELS}1.1")
MOVE = (f"{_MODELS}2.2", f"{_MODELS}1.2")
GET = (f"{_MODELS}2.3", f"{_MODELS}1.3")
"""Each service by the Study Root model and by the Patient Root model (PS3.4 C.6.1, C.6.2)."""

EXPLICIT_LITTLE, IMPLICIT_LITTLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


def models(service: tuple[str, str]) -> list[tuple[str, str | tuple[str, ...]]]:
    """Return the contexts of a service: both models, each with two transfer syntaxes."""
    return [(model, syntax) for model in service for syntax in (EXPLICIT_LITTLE, IMPLICIT_LITTLE)]


def model_of(association: Association, service: tuple[str, str]) -> str | None:
    """Return the model by which a peer offers a service, Study Root first; None without one."""
    offered = {str(context.abstract_syntax) for context in association.accepted_contexts}
    return next((model for model in service if model in offered), None)


def is_patient_root(model: str) -> bool:
    """Tell whether requests by a model need a PatientID."""
    return model.startswith(f"{_MODELS}1.")


@contextmanager
def associated(
    peer: Peer,
    contexts: Sequence[tuple[str, str | tuple[str, ...]]],
    *,
    stores: Sequence[str] = (),
    on_store: Callable[[Event], int] | None = None,
) -> Iterator[Association]:
    """Associate for one of the query and retrieve services, and end it whatever happens.

    `stores` are the SOP classes of which this side takes instances over the same association
    (PS3.4 C.4.3; the roles are those of PS3.7 D.3.3.4), `on_store` answers each with a status.
    Raises as `open_association`.
    """
    from pynetdicom import build_role, evt

    association, connection = associate(
        peer,
        contexts,
        idle=peer.timeouts.response,
        negotiation=[build_role(uid, scp_role=True) for uid in stores],
        handlers=[(evt.EVT_C_STORE, on_store)] if on_store is not None else [],
    )
    association._reactor_checkpoint = Checkpoint()  # noqa: SLF001 - see Checkpoint
    try:
        yield association
    finally:
        end(association)
        connection.close()


@contextmanager
def held(peer: Peer, association: Association) -> Iterator[None]:
    """Keep the association's own thread from the answers to one request.

    Raises `AssociationLostError` where the association is over.
    """
    checkpoint = association._reactor_checkpoint  # noqa: SLF001 - see Checkpoint
    if not association.is_established or not isinstance(checkpoint, Checkpoint):
        raise AssociationLostError(f"{peer} ended the association")
    with checkpoint.held() as stands:
        if not stands or not association.is_established:
            raise AssociationLostError(f"{peer} ended the association")
        yield


def end(association: Association) -> None:
    """Release where the association still stands, else let its threads go."""
    with contextlib.suppress(RuntimeError):
        if association.is_established:
            association.release()
    association.kill()


def identifier(level: str, keys: dict[str, str], charset: str = "") -> Dataset:
    """Return an identifier with its keys (PS3.4 C.4.1.1.3).

    Where ASCII does not do, it is in the PACS's `charset`, or in UTF-8.
    """
    from pydicom import Dataset

    dataset = Dataset()
    dataset.QueryRetrieveLevel = level
    if not all(value.isascii() for value in keys.values()):
        dataset.SpecificCharacterSet = charset.split("\\") if charset else "ISO_IR 192"
    with quietly():
        for keyword, value in keys.items():
            setattr(dataset, keyword, value.split("\\") if "\\" in value else value)
    return dataset


def status_of(peer: Peer, answer: Dataset) -> int:
    """Return a response's status; raises `AssociationLostError` for none at all."""
    if "Status" not in answer:
        raise AssociationLostError(f"{peer} ended the association, or fell silent", hung=True)
    return int(answer.Status)

"""The C-GET service class user: instances come back over the asking association (PS3.4 C.4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dicomferry.dimse import MOST_CONTEXTS, ContextRefusedError, Peer
from dicomferry_plugins._pacs.intake import Door
from dicomferry_plugins._pacs.retrieval import Way, study_contexts
from dicomferry_plugins._pacs.scu import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    STUDY_ROOT_GET,
    associated,
)

_MODELS = [(STUDY_ROOT_GET, EXPLICIT_LITTLE), (STUDY_ROOT_GET, IMPLICIT_LITTLE)]


@contextmanager
def open_get(peer: Peer, sop_classes: Sequence[str], door: Door) -> Iterator[Way]:
    """Associate for C-GET of these SOP classes, with the roles turned round for them.

    Raises as `open_association`, and `ContextRefusedError` when the peer does no C-GET.
    """
    contexts = _MODELS + study_contexts(sop_classes, MOST_CONTEXTS - len(_MODELS))
    with associated(peer, contexts, stores=sop_classes, on_store=door.take) as association:
        offered = {str(context.abstract_syntax) for context in association.accepted_contexts}
        if STUDY_ROOT_GET not in offered:
            raise ContextRefusedError(f"{peer} does no C-GET", hint="say retrieve: c-move")
        yield Way(
            peer,
            association,
            door,
            lambda asked, number: association.send_c_get(asked, STUDY_ROOT_GET, msg_id=number),
        )

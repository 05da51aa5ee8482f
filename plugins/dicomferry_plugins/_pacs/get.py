"""The C-GET service class user: instances come back over the asking association (PS3.4 C.4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dicomferry.dimse import ContextRefusedError, Peer
from dicomferry_plugins._pacs.intake import Door
from dicomferry_plugins._pacs.proposals import Proposal
from dicomferry_plugins._pacs.retrieval import Way
from dicomferry_plugins._pacs.scu import GET, associated, model_of, models


@contextmanager
def open_get(peer: Peer, storage: Sequence[Proposal], door: Door) -> Iterator[Way]:
    """Associate for C-GET over these storage contexts, with the roles turned round for them.

    Raises as `open_association`, and `ContextRefusedError` when the peer does no C-GET.
    """
    classes = list(dict.fromkeys(uid for uid, _ in storage))
    contexts = [*models(GET), *storage]
    with associated(peer, contexts, stores=classes, on_store=door.take) as association:
        accepted = [
            (str(context.abstract_syntax), str(syntax))
            for context in association.accepted_contexts
            for syntax in context.transfer_syntax
        ]
        model = model_of(association, GET)
        if model is None:
            raise ContextRefusedError(f"{peer} does no C-GET", hint="say retrieve: c-move")
        yield Way(
            peer,
            association,
            door,
            lambda asked, number: association.send_c_get(asked, model, msg_id=number),
            model,
            takes=[pair for pair in accepted if pair[0] in classes],
        )

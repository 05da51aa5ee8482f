"""Requests of a stranger, by pynetdicom: every answer reaches who waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pydicom import Dataset
from pynetdicom.association import Association

from dicomferry_plugins._pacs.checkpoint import Checkpoint


@contextmanager
def undisturbed(association: Association) -> Iterator[None]:
    """Hold pynetdicom's own thread while one request is answered.

    On a busy machine that thread takes the response off the queue, and the request is then said
    to have had none in time (see `Checkpoint`). Take it anew for each request.
    """
    checkpoint = Checkpoint()
    association._reactor_checkpoint = checkpoint
    with checkpoint.held():
        yield


def store_each(association: Association, datasets: Iterable[Dataset]) -> list[Dataset]:
    """Store data sets one after another; return the answers, empty where none came."""
    answers = []
    for dataset in datasets:
        with undisturbed(association):
            answers.append(association.send_c_store(dataset))
    return answers

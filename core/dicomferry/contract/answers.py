"""What a server answered to the questions of a source, kept from one plan to the next."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Answers(Protocol):
    """The answers of one server, and when it may be asked for another one.

    A source that asks a server takes what is `kept`; where nothing is, it waits for its `turn`,
    asks, and has the answer kept (`keep`). The ledger keeps answers. Without a ledger, as in
    `doctor` or in a test, nothing is kept.
    """

    def kept(self, question: str) -> bytes | None:
        """Return the answer to a question; None where there is none that is still valid."""

    def keep(self, question: str, answer: bytes, studies: Collection[str] = ()) -> None:
        """Keep an answer in place of an earlier one.

        `studies` are the StudyInstanceUIDs that it tells of. Where something of them was rejected
        or could not be retrieved, the next plan forgets it, and so asks anew.
        """

    def forget(self, study_instance_uid: str) -> None:
        """Forget every answer of this server that tells of a study."""

    def turn(self) -> None:
        """Wait until the server may be asked, and count a request.

        Raises `FerryError` outside the hours of the server.
        """

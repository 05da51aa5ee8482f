"""The associations that one consignment needs, opened when they are due."""

from __future__ import annotations

from collections.abc import Iterable

from dicomferry.dimse import (
    ContextRefusedError,
    Peer,
    StorageAssociation,
    Syntaxes,
    open_association,
    plan_contexts,
)


class Associations:
    """The associations of one consignment: at most one to a group of contexts, opened when due."""

    def __init__(self, peer: Peer, contexts: Iterable[Syntaxes]) -> None:
        self._peer = peer
        self._groups = list(plan_contexts(contexts))
        self._open: dict[tuple[Syntaxes, ...], StorageAssociation] = {}
        self._refused: set[Syntaxes] = set()

    def to(self, pair: Syntaxes) -> StorageAssociation | None:
        """Return a live association that takes `pair`; None when the receiver refuses it.

        Raises as `open_association` does.
        """
        if pair in self._refused:
            return None
        group = self._group(pair)
        association = self._open.get(group)
        if association is None or not association.alive:
            if association := self._open.pop(group, None):
                association.abort()
            try:
                association = open_association(self._peer, group)
            except ContextRefusedError:
                self._refused.update(group)
                return None
            self._open[group] = association
            self._refused.update(set(group) - association.accepted.keys())
        return association if pair in association.accepted else None

    def first(self) -> Syntaxes | None:
        """Return the most frequent pair there is to store; None when there is none."""
        return self._groups[0][0] if self._groups else None

    def release(self) -> None:
        """Release all in good order."""
        for association in self._open.values():
            association.release()
        self._open.clear()

    def abort(self) -> None:
        """Abort all."""
        for association in self._open.values():
            association.abort()
        self._open.clear()

    def _group(self, pair: Syntaxes) -> tuple[Syntaxes, ...]:
        for group in self._groups:
            if pair in group:
                return group
        self._groups.append((pair,))
        return (pair,)

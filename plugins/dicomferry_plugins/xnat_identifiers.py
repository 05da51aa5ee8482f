"""Offer the ways XNAT itself has to identify what arrives: its default and DQR's."""

from __future__ import annotations

from collections.abc import Iterable

from dicomferry import (
    ClassicIdentifier,
    Component,
    Context,
    DqrIdentifier,
    Identification,
    Identifier,
    hookimpl,
)


def _classic(options: Identification, context: Context) -> ClassicIdentifier:  # noqa: ARG001 - the signature of a build
    return ClassicIdentifier(options)


def _dqr(options: Identification, context: Context) -> DqrIdentifier:  # noqa: ARG001 - the signature of a build
    return DqrIdentifier(options)


@hookimpl
def dicomferry_identifiers() -> Iterable[Component[Identification, Identifier]]:
    """Offer the classic and dqr identifiers."""
    yield Component("classic", "XNAT's default identifier", Identification, _classic)
    yield Component("dqr", "the identifier of XNAT's DQR plug-in", Identification, _dqr)

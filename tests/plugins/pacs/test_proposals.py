"""A C-GET proposes all that XNAT takes, and no more than an association can hold."""

from __future__ import annotations

import pytest

from dicomferry.dimse import MOST_CONTEXTS
from dicomferry.xnat import accepted_sop_classes, accepted_transfer_syntaxes
from dicomferry_plugins._pacs.classes import likely_classes
from dicomferry_plugins._pacs.proposals import LIKELY, PLAIN, Wanted, proposals
from support.instances import CT_IMAGE, MR_IMAGE

CLASSES = (MR_IMAGE, CT_IMAGE)


def test_every_transfer_syntax_that_xnat_takes_is_likely() -> None:
    assert set(accepted_transfer_syntaxes()) <= {*PLAIN, *LIKELY}


@pytest.mark.parametrize("wanted", [Wanted(CLASSES), Wanted((), likely_classes("US"))])
def test_no_association_gets_more_contexts_than_it_can_hold(wanted: Wanted) -> None:
    assert all(0 < len(one) <= MOST_CONTEXTS - 4 for one in proposals(wanted))


def test_a_told_class_is_proposed_in_every_syntax_by_itself() -> None:
    pairs = {pair for one in proposals(Wanted(CLASSES)) for pair in one}

    assert {(uid, syntax) for uid in CLASSES for syntax in accepted_transfer_syntaxes()} <= pairs
    assert all(isinstance(syntax, str) for _, syntax in pairs)


def test_every_class_of_xnat_is_proposed_where_the_class_is_not_told() -> None:
    found = {uid for one in proposals(Wanted((), likely_classes("MR"))) for uid, _ in one}

    assert accepted_sop_classes() <= found

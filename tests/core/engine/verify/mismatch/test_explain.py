"""What XNAT says of a session that it did not archive is explained by the rule behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomferry.engine.verify import SessionVerdict, Standing
from dicomferry.engine.verify.mismatch import MismatchExplainer
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination
from dicomferry.xnat.filing.conflicts import Conflict


@pytest.fixture
def explainer(tmp_path: Path) -> Iterator[MismatchExplainer]:
    ledger = Ledger(tmp_path)
    yield MismatchExplainer(PlanReader.last(ledger), [])
    ledger.close()


def waiting(message: str) -> SessionVerdict:
    home = Destination("P", "S", "E")
    return SessionVerdict(1, "xnat", "sink", home, Standing.WAITING, 1, {}, message=message)


@pytest.mark.parametrize("conflict", Conflict)
def test_every_conflict_has_a_rule(explainer: MismatchExplainer, conflict: Conflict) -> None:
    first, *_ = explainer.rules(waiting(conflict.words("E")))
    assert first.startswith("rule: ")


def test_what_xnat_says_otherwise_has_none(explainer: MismatchExplainer) -> None:
    rules = explainer.rules(waiting("something else"))
    assert not any(rule.startswith("rule: ") for rule in rules)

"""A study is planned for the session of its first instance, where the receiver files it so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomferry.engine.plan.first_sessions import settle_first_sessions
from dicomferry.ledger import Ledger
from dicomferry.ledger.planning.catalog import PlanWriter
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.rows import Examined, Facts, Verdict
from dicomferry.model import (
    AutoArchive,
    Because,
    Destination,
    Forecast,
    InstanceRef,
    LocalFile,
    Location,
)
from support.plans import put_plan


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path)
    yield ledger
    ledger.close()


def settled(ledger: Ledger, *forecast: tuple[str, Destination]) -> list[Destination | None]:
    """Plan an instance for each study and destination; return where all go once it is settled."""
    files = [LocalFile(Location(str(number)), 1, 1) for number in range(len(forecast))]
    put_plan(ledger, files, [examined(item, *one) for item, one in enumerate(forecast, 1)])
    settle_first_sessions(PlanWriter(ledger))
    return [item.destination for item in PlanReader.last(ledger).items()]


def examined(item: int, study: str, place: Destination) -> Examined:
    ref = InstanceRef(study, f"{study}.1", f"{study}.1.{item}", "1.2.840.10008.5.1.4.1.1.4")
    facts = Facts(ref, "1.2.840.10008.1.2.1", "20090402", "MR", "1")
    forecast = Forecast(place, Because("a", "b", "c"), AutoArchive.PROJECT_DEFAULT)
    return Examined(item, Verdict.READY, "", "", facts, ref, forecast, None, "ab")


def test_an_instance_follows_the_first_of_its_study_by_label_alone(ledger: Ledger) -> None:
    first, other = Destination("P", "S", "A"), Destination("Q", "T", "B")

    places = settled(ledger, ("1.2", first), ("1.2", other), ("1.2", first))

    assert places == [first, Destination("Q", "T", "A"), first]


def test_another_study_keeps_its_own_session(ledger: Ledger) -> None:
    one, other = Destination("P", "S", "A"), Destination("P", "S", "B")

    assert settled(ledger, ("1.2", one), ("1.3", other)) == [one, other]

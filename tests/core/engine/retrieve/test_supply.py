"""Which study is asked for next, and how much of it may come."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from dicomferry.contract.fetcher import Manners
from dicomferry.engine.retrieve.messages import Retrieved, RetrieveOrder
from dicomferry.engine.retrieve.supply import Supply
from dicomferry.ledger.delivering.arrival import Arrival
from dicomferry.ledger.delivering.retrievals import WantedStudy
from dicomferry.ledger.rows import Examined, Item, Verdict
from dicomferry.model import Location

BUDGET = 1000


def study(number: int, instances: int = 2, size: int = 0) -> WantedStudy:
    items = tuple(
        Item(10 * number + i, "s", Location("pacs", f"1.{number}/2/{i}"), size, 0, {}, {})
        for i in range(instances)
    )
    return WantedStudy("pacs", "clinic", f"1.{number}", items, frozenset())


def supply(studies: int, *, size: int = 0, **manners: Any) -> Supply:
    queue = deque(study(number, size=size) for number in range(1, studies + 1))
    found = Supply("clinic", Manners(**manners), queue, "spool", BUDGET)
    found.begin()
    return found


def result(task: RetrieveOrder, arrived: int = 0, **outcome: Any) -> Retrieved:
    items = task.study.items
    arrivals = tuple(Arrival(i.id, "", 1, 1, Examined(i.id, Verdict.READY)) for i in items)
    missing = tuple(item.id for item in items[arrived:])
    outcome = {"refused": (), "why": "", "stopped": False, "silent": False, "manners": None,
               "reused": 0, "asked": 0.0} | outcome  # fmt: skip
    return Retrieved(task.study, arrivals[:arrived], missing, **outcome)


def given(supplier: Supply, spooled: int = 0) -> RetrieveOrder:
    task = supplier.task(spooled)
    assert task is not None
    return task


@pytest.mark.parametrize("lanes", [1, 2, 3, 8])
@pytest.mark.parametrize("spooled", [0, 250, 499])
def test_what_may_come_never_outgrows_the_spool(lanes: int, spooled: int) -> None:
    supplier = supply(20, lanes=lanes)
    rooms = []
    while task := supplier.task(spooled):
        rooms.append(task.room)

    assert rooms
    assert len(rooms) <= lanes
    assert sum(rooms) + spooled <= BUDGET


def test_a_full_spool_pauses_the_retrieval() -> None:
    supplier = supply(2)

    assert supplier.task(BUDGET) is None
    assert supplier.task(0) is not None


def test_a_study_that_found_no_room_gets_the_whole_spool_once_it_is_empty() -> None:
    supplier = supply(2, lanes=2)
    first, second = given(supplier), given(supplier)

    assert not supplier.came(first, result(first, refused=(10,)))
    while_another = supplier.task(0)
    supplier.came(second, result(second, arrived=2))
    while_spooled = supplier.task(1)
    alone = given(supplier)

    assert (while_another, while_spooled) == (None, None)
    assert alone.study.uid == first.study.uid
    assert alone.room == BUDGET


def test_an_instance_beyond_the_whole_spool_is_given_up_and_the_others_are_not() -> None:
    supplier = supply(1)
    task = given(supplier)
    lost = supplier.came(task, result(task, refused=(10,)))

    assert lost == (10,)
    assert [item.id for item in given(supplier).study.items] == [11]


def test_what_the_spool_had_no_room_for_is_asked_for_again() -> None:
    supplier = supply(1)
    task = given(supplier)
    lost = supplier.came(task, result(task, arrived=1, refused=(11,)))

    assert not lost
    assert [item.id for item in given(supplier).study.items] == [11]


def test_a_study_that_was_never_answered_leaves_its_room_to_others() -> None:
    supplier = supply(2)
    supplier.over(given(supplier))

    assert supplier.under_way == 0


def test_a_server_is_asked_in_another_way_once_all_is_answered() -> None:
    supplier = supply(3, lanes=2)
    other = Manners(lanes=1, way="other")
    first, second = given(supplier), given(supplier)
    supplier.came(first, result(first, manners=other))
    before = supplier.task(0)
    supplier.came(second, result(second, manners=other))
    supplier.begin()
    task = given(supplier)

    assert before is None
    assert task.way == "other"
    assert supplier.task(0) is None


def test_a_server_is_not_asked_again_in_a_way_that_was_tried() -> None:
    supplier = supply(1)
    first, other = supplier.manners, Manners(way="other")
    task = given(supplier)
    supplier.came(task, result(task, manners=other))
    supplier.begin()
    again = given(supplier)

    assert again.way == "other"
    assert supplier.came(again, result(again, manners=first)) == (10, 11)


def test_without_other_manners_what_is_missing_is_lost() -> None:
    supplier = supply(1)
    task = given(supplier)

    assert supplier.came(task, result(task, manners=Manners())) == (10, 11)


def test_a_study_of_known_size_is_given_that_much_room() -> None:
    supplier = supply(3, lanes=3, size=BUDGET // 4)
    rooms = [given(supplier).room, given(supplier).room]

    assert rooms == [BUDGET // 2, BUDGET // 2]
    assert supplier.task(0) is None


def test_a_study_that_is_larger_than_the_spool_waits_until_it_is_empty() -> None:
    supplier = supply(1, lanes=2, size=BUDGET)

    assert supplier.task(1) is None
    assert given(supplier).room == BUDGET


def test_a_lane_goes_on_from_when_it_last_asked() -> None:
    supplier = supply(2, requests_per_minute=30)
    task = given(supplier)
    supplier.came(task, result(task, arrived=2, asked=77.0))
    again = given(supplier)

    assert (again.asked, again.interval) == (77.0, 2.0)

"""Refusals make less be sent at once, success slowly more again."""

from __future__ import annotations

from dicomferry.engine.workers.lanes import Lanes


def test_all_lanes_are_open_at_first() -> None:
    assert Lanes(4).open == 4


def test_trouble_halves_them() -> None:
    lanes = Lanes(8)

    lanes.strained()

    assert lanes.open == 4


def test_one_lane_is_always_open() -> None:
    lanes = Lanes(2)

    for _ in range(5):
        lanes.strained()

    assert lanes.open == 1


def test_success_opens_one_at_a_time() -> None:
    lanes = Lanes(8)
    lanes.strained()

    lanes.eased()

    assert lanes.open == 5


def test_no_more_are_open_than_the_recipe_allows() -> None:
    lanes = Lanes(2)

    lanes.eased()

    assert lanes.open == 2

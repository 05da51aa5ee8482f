"""Planning presentation contexts."""

from __future__ import annotations

import pytest

from dicomferry.dimse.contexts import can_propose, context_id, plan_contexts

CT, EXPLICIT, JPEG = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.70"


def test_each_pair_is_proposed_once_in_the_order_given() -> None:
    assert plan_contexts([(CT, JPEG), (CT, EXPLICIT), (CT, JPEG)]) == (
        ((CT, JPEG), (CT, EXPLICIT)),
    )


def test_the_129th_pair_begins_another_association() -> None:
    groups = plan_contexts((f"1.2.{number}", EXPLICIT) for number in range(300))

    assert [len(group) for group in groups] == [128, 128, 44]


def test_context_ids_are_the_odd_numbers_of_a_byte() -> None:
    assert [context_id(position) for position in range(128)] == list(range(1, 256, 2))


def test_nothing_to_send_needs_no_association() -> None:
    assert plan_contexts([]) == ()


@pytest.mark.parametrize("uid", ["", "1.2.x", "1..2", "1.2 ", "1" * 65, "1.2.²"])
def test_what_is_not_a_uid_is_never_proposed(uid: str) -> None:
    assert not can_propose((uid, EXPLICIT))
    assert plan_contexts([(uid, EXPLICIT)]) == ()


def test_an_old_uid_with_leading_zeros_is_proposed() -> None:
    assert can_propose(("1.2.840.0012.03", EXPLICIT))

"""A receiver that is out of resources: less is sent at once, and nothing is lost or doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from support.cli import ferry
from support.instances import make_instances
from support.misbehaving import Receiver, serving

OUT_OF_RESOURCES = 0xA700
SESSIONS, COUNT, ASSOCIATIONS = 6, 24, 3


def carry(tmp_path: Path, write_recipe: Callable[..., Path], receiver: Receiver) -> str:
    recipe = write_recipe(
        receiver,
        sinks=[{"xnat-cstore": {"server": "xnat", "retries": 0}}],
        dicom={"associations": ASSOCIATIONS},
    )
    return ferry("run", recipe).stdout


@pytest.fixture
def data(tmp_path: Path) -> Path:
    make_instances(tmp_path / "data", COUNT, sessions=SESSIONS)
    return tmp_path / "data"


@pytest.mark.usefixtures("data")
def test_every_instance_is_offered_once_however_strained(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    receiver = Receiver(status=lambda received: OUT_OF_RESOURCES)
    with serving(receiver):
        carry(tmp_path, write_recipe, receiver)

    offered = Counter(received.sop_instance_uid for received in receiver.received)
    assert len(offered) == COUNT
    assert set(offered.values()) == {1}


@pytest.mark.usefixtures("data")
def test_what_was_refused_goes_with_the_next_run(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    receiver = Receiver(status=lambda received: OUT_OF_RESOURCES if received.number < 9 else 0)
    with serving(receiver):
        carry(tmp_path, write_recipe, receiver)
        assert "Everything is stored" in carry(tmp_path, write_recipe, receiver)


@pytest.mark.usefixtures("data")
def test_after_refusals_one_association_is_open_at_a_time(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    receiver = Receiver(
        status=lambda received: OUT_OF_RESOURCES if received.association <= ASSOCIATIONS else 0
    )
    with serving(receiver):
        carry(tmp_path, write_recipe, receiver)

    order = [received.association for received in receiver.received]
    first = order.index(ASSOCIATIONS + 1)
    assert receiver.associations == SESSIONS
    assert max(order[:first]) == ASSOCIATIONS
    assert order[first : first + COUNT // SESSIONS] == [ASSOCIATIONS + 1] * (COUNT // SESSIONS)

"""What a server says of one instance, read out of its answer: stored only where it says so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dicomferry_plugins._dicomweb.stow_answer import Told, told_of

UID, OTHER = "1.2.3", "1.2.4"


def item(uid: str, **reasons: int) -> dict[str, Any]:
    found: dict[str, Any] = {"00081155": {"vr": "UI", "Value": [uid]}}
    for tag, reason in reasons.items():
        found[tag.removeprefix("t")] = {"vr": "US", "Value": [reason]}
    return found


def answer(**sequences: list[dict[str, Any]]) -> bytes:
    named = {name.removeprefix("t"): {"vr": "SQ", "Value": items}
             for name, items in sequences.items()}  # fmt: skip
    return json.dumps(named).encode()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (answer(t00081199=[item(UID)]), Told(stored=True)),
        (answer(t00081199=[item(UID, t00081196=0xB000)]), Told(stored=True, warning=0xB000)),
        (answer(t00081199=[item(OTHER)]), Told()),
        (answer(t00081198=[item(UID, t00081197=0xA700)]), Told(refused=True, reason=0xA700)),
        (answer(t00081199=[item(UID)], t00081198=[item(UID)]), Told(refused=True)),
        (answer(t0008119A=[{"00081197": {"vr": "US", "Value": [0xC000]}}]),
         Told(refused=True, reason=0xC000)),
        (answer(t00081198=[item(OTHER, t00081197=0x0110)]), Told()),
        (b"[" + answer(t00081199=[item(UID)]) + b"]", Told(stored=True)),
        (b"", Told()),
        (b"<html>welcome</html>", Told()),
        (b'{"00081199": {"Value": null}}', Told()),
        (b'{"00081199": {"Value": ["1.2.3"]}}', Told()),
        (b'{"00081199": 5}', Told()),
    ],
)  # fmt: skip
def test_an_answer_says_what_became_of_the_instance_or_nothing(body: bytes, told: Told) -> None:
    assert told_of(body, UID) == told

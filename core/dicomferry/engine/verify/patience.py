"""Wait until XNAT is done: its five quiet minutes, the build, and the archiving behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from dicomferry.engine.verify.reconciler import Reconciler
from dicomferry.engine.verify.verdict import SessionVerdict, Standing

_LONGEST_PAUSE: Final = 15.0
"""Seconds between two looks; XNAT itself looks once a minute (`sessionXmlRebuilderRepeat`)."""

_LOOKS: Final = 20

Report = Callable[[str, int, int | None], None]


def await_verdicts(
    reconciler: Reconciler,
    wait: float,
    report: Report,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> list[SessionVerdict]:
    """Return the verdicts once XNAT is done with every session, or after `wait` seconds.

    A session that is built and not archived yet looks settled for a moment: only what two looks in
    a row say alike is taken for final. Raises `RestError` when XNAT cannot be asked to begin with.
    """
    until = clock() + wait
    verdicts: list[SessionVerdict] = []
    for verdict in reconciler.verdicts():
        verdicts.append(verdict)
        report("verified", 1, None)
    settled = {i for i, verdict in enumerate(verdicts) if _final(verdict)}
    while len(settled) < len(verdicts) and clock() < until:
        sleep(max(0.0, min(_LONGEST_PAUSE, wait / _LOOKS, until - clock())))
        reconciler.look()
        settled |= _look_again(reconciler, verdicts, settled)
        report("settled", len(settled), len(verdicts))
    return verdicts


def _look_again(
    reconciler: Reconciler, verdicts: list[SessionVerdict], settled: set[int]
) -> set[int]:
    """Renew the verdicts that are not settled; return those that have not changed."""
    same = set()
    for position, before in enumerate(verdicts):
        if position in settled:
            continue
        now = reconciler.verdict(reconciler.expected.session(before.key))
        verdicts[position] = now
        if _final(now) or (_resting(now) and now.standing is before.standing):
            same.add(position)
    return same


def _final(verdict: SessionVerdict) -> bool:
    return verdict.standing is Standing.LANDED


def _resting(verdict: SessionVerdict) -> bool:
    # A login that may not look into the prearchive sees nothing of a session that waits there.
    unseen = verdict.standing in (Standing.UNKNOWN, Standing.EMPTY)
    return not verdict.under_way and not unseen

"""Wait until XNAT has built and archived the sessions; it builds after five quiet minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from dicomferry.engine.verify.reconciler import Reconciler
from dicomferry.engine.verify.verdict import SessionVerdict, Standing

_LONGEST_PAUSE: Final = 15.0
"""Seconds between two questions; XNAT checks once a minute (`sessionXmlRebuilderRepeat`)."""

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

    A session that XNAT has built and not archived yet looks final for a moment. So a verdict other
    than landed is final only when XNAT gives it twice in a row. Raises `RestError` when XNAT does
    not answer the first question.
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
    """Renew the verdicts that are not settled; return the positions that are settled now."""
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
    # A login without access to the prearchive sees no session that waits there.
    unseen = verdict.standing in (Standing.UNKNOWN, Standing.EMPTY)
    return not verdict.under_way and not unseen

"""The labels that a chosen plan gives to series, as the ledger and a manifest keep them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from dicomferry.ledger.store import Ledger
from dicomferry.model import LEVELS, Wanted

Labels = Mapping[tuple[str, str, str], Wanted]
"""Source, StudyInstanceUID and SeriesInstanceUID as found, to what is asked for them."""

_NOTED = "labels"
_KEY = ("source", "study", "series")


def chosen_labels(levels: Mapping[str, str]) -> Wanted:
    """Return what is asked for by labels of some levels."""
    return Wanted(
        project=levels.get("project"),
        subject=levels.get("subject"),
        session=levels.get("session"),
        chosen=frozenset(levels),
    )


def plain_labels(labels: Labels) -> list[dict[str, str]]:
    """Return labels as plain data, in a stable order."""
    return [
        dict(zip(_KEY, series, strict=True))
        | {level: str(getattr(wanted, level)) for level in LEVELS if level in wanted.chosen}
        for series, wanted in sorted(labels.items(), key=lambda one: one[0])
    ]


def labels_from(plain: Iterable[Mapping[str, str]]) -> Labels:
    """Return labels from plain data; raises `KeyError` and `TypeError` where it is not that."""
    return {
        (one["source"], one["study"], one["series"]): chosen_labels(
            {level: one[level] for level in LEVELS if level in one}
        )
        for one in plain
    }


def labels_in(ledger: Ledger) -> Labels:
    """Return the labels that the plan in a ledger was made with."""
    return labels_from(json.loads(ledger.get(_NOTED) or "[]"))


def put_labels(ledger: Ledger, labels: Labels) -> None:
    """Note the labels of the next plan; series that it calls otherwise are examined anew."""
    before = labels_in(ledger)
    renamed = [
        "\n".join(series)
        for series in before.keys() | labels.keys()
        if before.get(series) != labels.get(series)
    ]
    if not renamed:
        return
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE item SET examined = '' WHERE source || char(10) || study || char(10) || series"
            " IN (SELECT value FROM json_each(?))",
            (json.dumps(renamed),),
        )
        connection.execute(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", (_NOTED, json.dumps(plain_labels(labels)))
        )

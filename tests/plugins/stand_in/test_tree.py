"""The tree of what an XNAT holds, as text."""

from __future__ import annotations

from dicomferry.cli.views.tree_view import format_tree
from dicomferry.model import AutoArchive, Destination, InstanceRef
from dicomferry_plugins._stand_in.site.holdings import Holdings
from dicomferry_plugins._stand_in.site.sessions import Received
from dicomferry_plugins._stand_in.site.tree import tree_of


def instance(
    number: int, project: str | None = "P1", subject: str | None = "S1", series: str = "1"
) -> Received:
    return Received(
        InstanceRef(f"1.{project}", f"1.2.{series}", f"1.2.{series}.{number}", "1.2"),
        Destination(project, subject, "E1"),
        AutoArchive.PROJECT_DEFAULT,
        series,
        "MR",
        series,
        f"{number}.dcm",
        1000,
        str(number),
    )


def holdings_of(*instances: Received) -> Holdings:
    holdings = Holdings()
    for item in instances:
        holdings.receive(item)
    holdings.build()
    return holdings


def test_the_tree_is_drawn_with_counts_and_sizes() -> None:
    holdings = holdings_of(
        instance(1),
        instance(2),
        instance(1, series="10"),
        instance(1, series="2"),
        instance(1, project=None, subject=None),
    )
    assert format_tree(tree_of(holdings.sessions())) == [
        "P1",
        "└─ S1",
        "   └─ E1  (4 instances, 4.0 kB, archived)",
        "      ├─ 1 MR  (2 instances, 2.0 kB)",
        "      ├─ 2 MR  (1 instance, 1.0 kB)",
        "      └─ 10 MR  (1 instance, 1.0 kB)",
        "Unassigned",
        "└─ (no subject)",
        "   └─ E1  (1 instance, 1.0 kB, ready)",
        "      └─ 1 MR  (1 instance, 1.0 kB)",
        "2 sessions, 5 instances, 5.0 kB",
    ]


def test_a_conflict_is_shown_with_its_message() -> None:
    holdings = holdings_of(instance(1))
    holdings.receive(instance(2, subject="S2"))
    holdings.build()
    text = "\n".join(format_tree(tree_of(holdings.sessions())))
    assert "conflict" in text
    assert "Already Exists for another Subject" in text


def test_an_empty_tree_says_so() -> None:
    assert format_tree(tree_of([])) == ["0 sessions, 0 instances, 0 B"]

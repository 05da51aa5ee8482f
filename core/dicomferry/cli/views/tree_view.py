"""The tree of what an XNAT holds, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dicomferry.cli.views.text import count, size
from dicomferry.contract.tree import ScanNode, SessionNode, Tree


def _branches(branches: Sequence[tuple[str, list[str]]]) -> Iterator[str]:
    """Yield the lines of heads and what is below each, with the lines that join them."""
    for number, (head, below) in enumerate(branches, 1):
        last = number == len(branches)
        yield f"{'└─' if last else '├─'} {head}"
        yield from (f"{'   ' if last else '│  '}{line}" for line in below)


def _amount(node: ScanNode | SessionNode) -> str:
    return f"{count(node.instances, 'instance')}, {size(node.size)}"


def _session_branch(session: SessionNode) -> tuple[str, list[str]]:
    state = session.status.lower()
    head = f"{session.label}  ({_amount(session)}, {state})"
    below = [f"{scan.id} {scan.modality}  ({_amount(scan)})" for scan in session.scans]
    below += [session.conflict] if session.conflict else []
    return head, list(_branches([(line, []) for line in below]))


def format_tree(tree: Tree) -> list[str]:
    """Return the tree as plain lines of text, and a last line with the sums."""
    lines: list[str] = []
    for project in tree.projects:
        lines.append(project.id or "Unassigned")
        subjects = [
            (
                subject.label or "(no subject)",
                list(_branches([_session_branch(session) for session in subject.sessions])),
            )
            for subject in project.subjects
        ]
        lines += _branches(subjects)
    sessions, instances = len(tree.sessions), tree.instances
    total = f"{count(sessions, 'session')}, {count(instances, 'instance')}, {size(tree.size)}"
    return [*lines, total]

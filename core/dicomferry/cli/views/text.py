"""How numbers, sizes and trees look in the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import click
import msgspec

from dicomferry.model import Problem
from dicomferry.names import shown
from dicomferry.reports.problem import ProblemRecord


def count(number: int, noun: str) -> str:
    """Return a number with its noun, as in `1,200 files`."""
    plural = noun if number == 1 or noun == "series" else f"{noun}s"
    return f"{number:,} {plural}"


def size(number: int) -> str:
    """Return a number of bytes as people read it."""
    value = float(number)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("the last unit always fits")


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    """Return rows as aligned columns."""
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
        .rstrip()
        for row in rows
    ]  # fmt: skip


def say(lines: Iterable[str]) -> None:
    """Print lines; characters the terminal cannot show, and control characters, are escaped."""
    for line in lines:
        click.echo(printable(line))


def show_json(report: object) -> None:
    """Print a report, or a list of records, for programs."""
    click.echo(json.dumps(_told(msgspec.to_builtins(report)), indent=2))


def _told(value: object) -> object:
    """Return a value whose texts have no odd bytes of file names: JSON has no place for them."""
    match value:
        case str():
            return shown(value)
        case dict():
            return {_told(key): _told(one) for key, one in value.items()}
        case list() | tuple():
            return [_told(one) for one in value]
        case _:
            return value


def printable(text: str) -> str:
    """Return text in which nothing can move the cursor or break the encoding."""
    text = shown(text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def problem_lines(problems: Sequence[Problem | ProblemRecord]) -> list[str]:
    """Return problems as lines, each with its code and what to do."""
    lines = []
    for problem in problems:
        lines.append(f"  {problem.severity} [{problem.code}] {problem.message}")
        if problem.why:
            lines.append(f"      why: {problem.why}")
        if problem.hint:
            lines.append(f"      do:  {problem.hint}")
    return lines

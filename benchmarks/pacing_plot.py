"""Sessions outstanding over time, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, log10

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 900, 420, 70, 130, 46, 50
_FONT = 'font-family="sans-serif" font-size="12" fill="#22303a"'
_COLORS = ("#b5482f", "#7d8b94", "#0b6e99")
_FAINT = "#dde3e6"


_STEP = 16
"""Pixels from one name to the next."""


@dataclass(frozen=True, slots=True)
class Line:
    """One contestant: outstanding sessions by seconds, and whether the receiver got stuck."""

    name: str
    points: tuple[tuple[float, int], ...]
    stuck: bool


def svg(lines: Sequence[Line], wedge: int) -> str:
    """Return the picture; the number of sessions is logarithmic."""
    last = max((at for line in lines for at, _ in line.points), default=1.0)
    most = max((count for line in lines for _, count in line.points), default=10)
    powers = max(1, ceil(log10(max(2, most))))
    title = (
        f'<text x="{_LEFT}" y="20">sessions that the XNAT has not built yet (logarithmic), by'
        f" seconds; it gets stuck above {wedge} builds at once</text>"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {_FONT}>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        title,
        *_axes(last, powers),
    ]
    for number, (line, color) in enumerate(zip(lines, _COLORS, strict=False)):
        parts += _drawn(line, color, last, powers, number)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes(last: float, powers: int) -> Iterator[str]:
    for power in range(powers + 1):
        y = _y(10**power, powers)
        yield f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="{_FAINT}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**power:,}</text>'
    for part in range(6):
        x = _x(last * part / 5, last)
        yield f'<path d="M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="{_FAINT}"/>'
        yield (
            f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">'
            f"{last * part / 5:.0f} s</text>"
        )


def _drawn(line: Line, color: str, last: float, powers: int, number: int) -> Iterator[str]:
    if not line.points:
        return
    path = " ".join(f"{_x(at, last):.1f},{_y(count, powers):.1f}" for at, count in line.points)
    yield f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5"/>'
    at, count = max(line.points, key=lambda one: (one[0] if line.stuck else one[1], one[0]))
    words = f"{line.name}{': stuck' if line.stuck else ''}"
    # Lines may end at one place: the name of each stands above that of the line before it.
    x, y = _x(at, last) + 6, _y(count, powers) - 6 - _STEP * number
    yield f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}">{escape(words)}</text>'


def _x(seconds: float, last: float) -> float:
    return _LEFT + seconds / max(last, 0.1) * (_WIDTH - _LEFT - _RIGHT)


def _y(count: int, powers: int) -> float:
    share = log10(max(1, count)) / powers
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

"""A bar chart as SVG: a logarithmic scale, dicomferry's bars in color."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

_WIDTH, _LEFT, _RIGHT = 900, 270, 90
_BAR, _GAP, _TITLE, _TOP = 16, 5, 34, 46
_FONT = 'font-family="sans-serif" font-size="12" fill="#22303a"'
_OURS, _THEIRS, _FAINT = "#0b6e99", "#b9c3c9", "#dde3e6"


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of one case: name, instances per second, and whether it is dicomferry's."""

    title: str
    bars: tuple[tuple[str, float, bool], ...]


def svg(groups: Sequence[Group]) -> str:
    """Return the picture."""
    height = _TOP + sum(_TITLE + len(group.bars) * (_BAR + _GAP) for group in groups) + 16
    values = [value for group in groups for _, value, _ in group.bars]
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" {_FONT}>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="18">instances a second, logarithmic; more is better</text>',
        *_axis(low, high, height),
        *_bars(groups, low, high),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axis(low: int, high: int, height: int) -> Iterator[str]:
    for power in range(low, high + 1):
        x = _x(10.0**power, low, high)
        label = f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"
        yield f'<path d="M{x:.1f} {_TOP - 4}V{height - 10}" stroke="{_FAINT}"/>'
        yield f'<text x="{x:.1f}" y="{_TOP - 10}" text-anchor="middle">{label}</text>'


def _bars(groups: Sequence[Group], low: int, high: int) -> Iterator[str]:
    y = _TOP
    for group in groups:
        y += _TITLE
        yield f'<text x="12" y="{y - 9}" font-weight="bold">{escape(group.title)}</text>'
        for name, value, ours in group.bars:
            length = max(2.0, _x(value, low, high) - _LEFT)
            middle = y + _BAR - 4
            yield f'<text x="{_LEFT - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>'
            yield (
                f'<rect x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR}"'
                f' fill="{_OURS if ours else _THEIRS}"/>'
            )
            shown = f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
            yield f'<text x="{_LEFT + length + 6:.1f}" y="{middle}">{shown}</text>'
            y += _BAR + _GAP


def _x(value: float, low: int, high: int) -> float:
    return _LEFT + (log10(value) - low) / max(1, high - low) * (_WIDTH - _LEFT - _RIGHT)

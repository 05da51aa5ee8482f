"""What an identifier makes of an instance on the XNAT that a recipe means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from msgspec.structs import replace

from dicomferry.model import Forecast
from dicomferry.xnat.naming.notes import GENERATIONS_DIFFER
from dicomferry.xnat.reading.dcm4che2 import Dcm4che2
from dicomferry.xnat.reading.generation import Generation
from dicomferry.xnat.reading.reader import Reader, reader_of

_Rules = TypeVar("_Rules")

_DEFAULTS: Final = ("UTF-8", "ISO-8859-1", "US-ASCII")
"""The charsets that a JVM has by default where nobody sets another: today's, and those of old."""


class GenerationsOf(Generic[_Rules]):
    """The rules of an identifier as the generations of XNAT apply them, each made by `make`.

    `declared` is the generation that the recipe names. Without one the forecast is the newer one's,
    with a note where the older one differs.
    """

    def __init__(self, declared: Generation | None, make: Callable[[Reader], _Rules]) -> None:
        wanted = (declared,) if declared else (Generation.XNAT_1_10, Generation.XNAT_1_9)
        self._rules = [(generation, make(reader_of(generation))) for generation in wanted]
        # What the charset of the JVM decides is told where every likely one leads to the same.
        self._likely = [make(Dcm4che2(charset)) for charset in _DEFAULTS]

    def ask(self, forecast: Callable[[_Rules], Forecast]) -> Forecast:
        """Return the forecast of an instance, as `forecast` makes it of rules."""
        found, *others = (self._on(*rules, forecast) for rules in self._rules)
        for other in others:
            if _told(found) != _told(other):
                note = f"{GENERATIONS_DIFFER}:{_told(found)}|{_told(other)}"
                return replace(found, notes=(*found.notes, note))
        return found

    def _on(
        self, generation: Generation, rules: _Rules, forecast: Callable[[_Rules], Forecast]
    ) -> Forecast:
        found = forecast(rules)
        if found.unknown is None or generation is not Generation.XNAT_1_9:
            return found
        likely = [forecast(rules) for rules in self._likely]
        return likely[0] if len({_told(one) for one in likely}) == 1 else found


def _told(forecast: Forecast) -> str:
    """Return where an instance lands, as one word: the ledger keeps notes apart by blanks."""
    if forecast.refused is not None:
        return "refused"
    if forecast.unknown is not None:
        return "unknown"
    place = forecast.destination
    labels = (place.project or "Unassigned", place.subject or "(none)", place.session)
    return "/".join("_".join(label.split()) for label in labels)

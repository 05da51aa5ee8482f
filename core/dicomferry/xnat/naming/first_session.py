"""First session wins: how DQR's identifier keeps a study in one session."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.model import Forecast

SAME_SESSION_WITHIN = 1800.0
"""Seconds: DQR's `assumeSameSessionIfArrivedWithin`, 30 minutes."""


class ForecastArrival(Struct, frozen=True):
    """One instance as forecast, and when it arrived in seconds."""

    study_instance_uid: str
    forecast: Forecast
    at: float = 0.0


class FirstSessions:
    """The session each study was first given (DQR's `OverrideStudyIdExtractor`)."""

    def __init__(self, within: float = SAME_SESSION_WITHIN) -> None:
        self._within = within
        self._first: dict[str, ForecastArrival] = {}

    def settle(self, arrival: ForecastArrival) -> Forecast:
        """Return the forecast with the session of the first of its study, if that is recent."""
        first = self._first.get(arrival.study_instance_uid)
        if first is None or arrival.at - first.at >= self._within:
            self._first[arrival.study_instance_uid] = arrival
            return arrival.forecast
        session = first.forecast.destination.session
        if session == arrival.forecast.destination.session:
            return arrival.forecast
        return replace(
            arrival.forecast,
            destination=replace(arrival.forecast.destination, session=session),
            because=replace(arrival.forecast.because, session="first instance of the study"),
        )


def settle_sessions(arrivals: Iterable[ForecastArrival]) -> list[Forecast]:
    """Return the forecasts of instances in their order of arrival, sessions settled by study."""
    sessions = FirstSessions()
    return [sessions.settle(arrival) for arrival in arrivals]

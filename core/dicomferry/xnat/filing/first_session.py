"""First session wins: how DQR's identifier keeps a study in one session.

Its `OverrideStudyIdExtractor` remembers the session label that the first instance of a study got,
and gives it to the instances that arrive within half an hour of the first. Who asks for the rule:

* `FirstSessions` for instances as they arrive: the stand-in, with the time of each, and
  `dicomferry forecast`, for which all of them arrive at once.
* The plan, which knows no times of arrival. It takes every instance of a study to arrive within
  the half hour: a session is sent in one go. A study that takes longer ends in two sessions of
  XNAT's where its instances name several; `verify` then says so.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.model import Destination, Forecast

SAME_SESSION_WITHIN: Final = 1800.0
"""Seconds: DQR's `assumeSameSessionIfArrivedWithin`, 30 minutes."""


def in_first_session(first: Destination, own: Destination) -> Destination:
    """Return where an instance goes whose study begins at `first`, forecast for `own` itself.

    It takes the session label only: project and subject stay its own.
    """
    return own if own.session == first.session else replace(own, session=first.session)


class ForecastArrival(Struct, frozen=True):
    """One instance as forecast, and when it arrived in seconds."""

    study_instance_uid: str
    forecast: Forecast
    at: float = 0.0


class FirstSessions:
    """The session each study was first given; `within` is in seconds."""

    def __init__(self, within: float = SAME_SESSION_WITHIN) -> None:
        self._within = within
        self._first: dict[str, ForecastArrival] = {}

    def settle(self, arrival: ForecastArrival) -> Forecast:
        """Return the forecast with the session of the first of its study, if that is recent."""
        own = arrival.forecast
        first = self._first.get(arrival.study_instance_uid)
        if first is None or arrival.at - first.at >= self._within:
            self._first[arrival.study_instance_uid] = arrival
            return own
        destination = in_first_session(first.forecast.destination, own.destination)
        if destination == own.destination:
            return own
        because = replace(own.because, session="first instance of the study")
        return replace(own, destination=destination, because=because)

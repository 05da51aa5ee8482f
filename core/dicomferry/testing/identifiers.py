"""The contract of identifiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dicomferry.contract.identifier import Identifier
from dicomferry.dicom.header import Header
from dicomferry.model import LEVELS, Forecast
from dicomferry.testing.contract import content, require
from dicomferry.xnat.labels import to_label


def check_identifier(identifier: Identifier, headers: Iterable[Header]) -> list[Forecast]:
    """Raise `ContractError` unless an identifier keeps its contract; return its forecasts.

    An identifier returns a destination and a reason for every instance. The same instance always
    gets the same forecast. Labels are valid in XNAT. No header changes.
    """
    given = list(headers)
    require(bool(given), "a contract cannot be checked without a header")
    _check_promises(identifier)
    before = [content(header) for header in given]
    forecasts = [identifier.forecast(header) for header in given]
    for header, forecast in zip(given, forecasts, strict=True):
        _check_forecast(header, forecast)
        require(identifier.forecast(header) == forecast, f"{header!r} has two forecasts")
    require([content(header) for header in given] == before, "it changes the header it is given")
    return forecasts


def _check_promises(identifier: Identifier) -> None:
    require(isinstance(identifier.fields, Mapping), "fields must map a level to a keyword")
    wrong = sorted(set(identifier.fields) - set(LEVELS))
    require(not wrong, f"fields has no level called {', '.join(wrong)}")
    for name in ("reads_comments", "first_session_wins"):
        require(isinstance(getattr(identifier, name), bool), f"{name} must be true or false")


def _check_forecast(header: Header, forecast: Forecast) -> None:
    require(isinstance(forecast, Forecast), f"forecast() returned {forecast!r}")
    place = forecast.destination
    require(bool(place.session), f"{header!r}: an XNAT session always has a label")
    for level, label in (("subject", place.subject), ("session", place.session)):
        require(label != "", f"{header!r}: an empty {level} is None")
        require(
            label is None or to_label(label) == label,
            f"{header!r}: XNAT would not call a {level} {label!r} (see to_label)",
        )
    because = forecast.because
    for level in LEVELS:
        require(bool(getattr(because, level)), f"{header!r}: no rule is named for the {level}")

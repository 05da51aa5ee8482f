"""How XNAT's receivers name what arrives, emulated: the default identifier and DQR's."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dicomferry.dicom.header import Header
from dicomferry.model import Forecast
from dicomferry.xnat.naming.classic import ClassicRules
from dicomferry.xnat.naming.dqr import DqrRules
from dicomferry.xnat.naming.generations import GenerationsOf
from dicomferry.xnat.naming.import_parameters import ImportParameters
from dicomferry.xnat.naming.options import Identification


class ClassicIdentifier:
    """XNAT's default, `ClassicDicomObjectIdentifier`."""

    fields: Mapping[str, str] = MappingProxyType(
        {"project": "StudyDescription", "subject": "PatientName", "session": "PatientID"}
    )
    reads_comments = True
    first_session_wins = False

    def __init__(self, options: Identification) -> None:
        self._rules = GenerationsOf(options.xnat, lambda reader: ClassicRules(options, reader))

    def forecast(self, header: Header) -> Forecast:
        """Say what XNAT will call an instance that comes by C-STORE, and why."""
        return self._rules.ask(lambda rules: rules.forecast(header))

    def forecast_import(self, header: Header, parameters: ImportParameters) -> Forecast:
        """Say what XNAT will call an instance that comes by REST import.

        A parameter wins over every other source, unless it names a project that is not there.
        Receiver rules do not apply.
        """
        return self._rules.ask(lambda rules: rules.forecast(header, parameters))


class DqrIdentifier:
    """The DQR plug-in's `dqrObjectIdentifier`.

    An instance that arrives within half an hour of the first one of its study gets the first one's
    session (see `filing/first_session.py`).
    """

    fields: Mapping[str, str] = MappingProxyType({"subject": "PatientName", "session": "StudyID"})
    reads_comments = False
    first_session_wins = True

    def __init__(self, options: Identification) -> None:
        self._rules = GenerationsOf(options.xnat, lambda reader: DqrRules(options, reader))

    def forecast(self, header: Header) -> Forecast:
        """Say what XNAT will call this instance if it is the first of its study to arrive."""
        return self._rules.ask(lambda rules: rules.forecast(header))

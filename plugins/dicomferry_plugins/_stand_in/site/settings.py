"""How a stand-in behaves: what an administrator of an XNAT would have set."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from dicomferry.contract import Faults
from dicomferry.xnat import QUIET_PERIOD
from dicomferry_plugins._stand_in.site.archiving import AUTO_ARCHIVE_CODE
from dicomferry_plugins._stand_in.site.filters import SeriesFilter

CHECKS = 10
"""How often the rebuilder runs in one quiet period; XNAT's own runs five times."""


class SiteSettings(Struct, frozen=True):
    """A stand-in's configuration, as an XNAT has it.

    `prearchive_code` is the projects' setting (see `Holdings`). `quiet_period` is XNAT's
    `sessionXmlRebuilderInterval` in seconds, five minutes there; None builds only when told to.
    `anonymize` runs `site_script`, or XNAT's default script, on every stored file: XNAT does unless
    it is switched off, the stand-in does when asked. `project_scripts` run on what is archived.
    `whitelist` is empty for none. `login` is the one `user:password` taken over REST; empty takes
    any. `session_timeout` is the seconds a login stays good. `declared` is how it identifies, for
    the routes that show rules and projects.
    """

    prearchive_code: int = AUTO_ARCHIVE_CODE
    quiet_period: float | None = None
    anonymize: bool = False
    site_script: str | None = None
    project_scripts: Mapping[str, str] = field(default_factory=dict)
    series_filter: SeriesFilter | None = None
    whitelist: tuple[str, ...] = ()
    login: str = ""
    session_timeout: float = 900.0
    faults: Faults = field(default_factory=Faults)
    declared: object = None

    def site_config(self) -> Mapping[str, object]:
        """Return the site's preferences that touch incoming DICOM, by XNAT's names."""
        series = self.series_filter.preferences() if self.series_filter else _NO_FILTER
        quiet = self.quiet_period
        minutes = QUIET_PERIOD // 60 if quiet is None else quiet / 60
        return {
            "siteId": "dicomferry-stand-in",
            "siteDescription": "dicomferry's stand-in, which is not an XNAT",
            "receivedFileUser": "admin",
            "defaultProjectAutoArchiveSetting": self.prearchive_code,
            "sessionXmlRebuilderInterval": minutes,
            "sessionXmlRebuilderRepeat": 60000 if quiet is None else round(quiet * 1000 / CHECKS),
            "enableSitewideAnonymizationScript": self.anonymize,
            "useSopInstanceUidToUniquelyIdentifyDicom": True,
            "uiDefaultCompressedUploaderImporter": "DICOM-zip",
            "preventCrossModalityMerge": True,
            **series,
        }


_NO_FILTER: Mapping[str, object] = {
    "enableSitewideSeriesImportFilter": False,
    "sitewideSeriesImportFilterMode": "blacklist",
    "sitewideSeriesImportFilter": "",
}

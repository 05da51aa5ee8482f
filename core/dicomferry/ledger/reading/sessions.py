"""The sessions of a plan as XNAT will hold them, and how many items have which verdict."""

from __future__ import annotations

from msgspec import Struct

from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.rows import STAMP, Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Because, Destination


class SessionPlan(Struct, frozen=True):
    """One session as XNAT will hold it; `stored` counts its instances by sink key.

    The names of its fields are keys of the JSON that `plan` and `status` print.
    """

    project: str | None
    subject: str | None
    session: str
    auto_archive: str
    because: tuple[Because, ...]
    studies: int
    series: int
    instances: int
    bytes: int
    modalities: tuple[str, ...]
    stored: dict[str, int]
    source_studies: int = 0
    """How many studies of the source are joined in it, by their own UIDs."""
    study_dates: tuple[str, ...] = ()
    """Their dates as the headers have them, once each."""

    @property
    def destination(self) -> Destination:
        """Return project, subject and session as one."""
        return Destination(self.project, self.subject, self.session)


class VerdictTally(Struct, frozen=True):
    """How many items have one verdict for one reason code; its fields are keys of the JSON."""

    verdict: Verdict
    code: str
    items: int


class _Reasons(Struct):
    """Why a session is called what it is, and whether it is archived by itself."""

    auto_archive: str
    because: tuple[Because, ...] = ()


def session_plans(ledger: Ledger, groups: ItemGroups) -> list[SessionPlan]:
    """Return every session of a plan, sorted by project, subject and session."""
    stored = _stored(ledger, groups.scan)
    reasons = _reasons(groups)
    rows = groups.ready(
        "destination.id, project, subject, session, count(DISTINCT study),"
        " count(DISTINCT series), sum(instances), sum(bytes), group_concat(DISTINCT modality),"
        " count(DISTINCT found_study),"
        " group_concat(DISTINCT coalesce(nullif(study_date, ''), acquired))",
        "GROUP BY destination.id ORDER BY project = '', project, subject, session",
    )
    return [
        SessionPlan(
            project=project or None,
            subject=subject or None,
            session=session,
            auto_archive=reasons[key].auto_archive,
            because=reasons[key].because,
            studies=studies,
            series=series,
            instances=instances,
            bytes=size,
            modalities=tuple(sorted(str(modalities).split(","))),
            stored=stored.get(key, {}),
            source_studies=sources,
            study_dates=tuple(sorted(filter(None, (dates or "").split(",")))),
        )
        for (
            key,
            project,
            subject,
            session,
            studies,
            series,
            instances,
            size,
            modalities,
            sources,
            dates,
        ) in rows
    ]


def tallies(groups: ItemGroups) -> list[VerdictTally]:
    """Return how many items there are of each verdict and code."""
    rows = sorted(groups.counted("verdict, code"))
    return [VerdictTally(Verdict(verdict), code, count) for verdict, code, count in rows]


def _stored(ledger: Ledger, scan: int) -> dict[int, dict[str, int]]:
    """Return for each destination how many instances each sink has in the version planned."""
    found: dict[int, dict[str, int]] = {}
    rows = ledger.connection.execute(
        "SELECT item.destination, sink, count(*) FROM delivery"  # noqa: S608  a fixed text
        " JOIN item ON item.id = delivery.item WHERE scan = ? AND state = 'stored'"
        f" AND delivery.stamp = {STAMP}"
        " AND verdict = 'ready' GROUP BY 1, 2",
        (scan,),
    )
    for destination, sink, count in rows:
        found.setdefault(destination, {})[sink] = count
    return found


def _reasons(groups: ItemGroups) -> dict[int, _Reasons]:
    found: dict[int, _Reasons] = {}
    rows = groups.ready(
        "destination.id, why.project, why.subject, why.session, auto_archive",
        "GROUP BY 1, 2, 3, 4, 5 ORDER BY min(ready.rowid)",
        why=True,
    )
    for destination, project, subject, session, auto_archive in rows:
        reasons = found.setdefault(destination, _Reasons(auto_archive))
        reasons.because += (Because(project, subject, session),)
    return found

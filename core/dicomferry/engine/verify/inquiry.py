"""Ask every XNAT of a recipe what it holds of the plan."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dicomferry.engine.pipeline.servers import Target
from dicomferry.engine.pipeline.steps import Steps
from dicomferry.engine.verify.patience import await_verdicts
from dicomferry.engine.verify.read_back import Compared, ContentReader, Sameness
from dicomferry.engine.verify.reconciler import Reconciler
from dicomferry.engine.verify.verdict import SessionVerdict, Standing
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.store import Ledger
from dicomferry.xnat.rest import RestClient

Progress = Callable[[str, int, int | None], None]


class Inquiry(Struct, frozen=True):
    """What to find out. `content` is none, sample or all; `wait` is in seconds.

    `recipe` is the recipe as a command line names it, for the commands that mend.
    """

    steps: Steps
    ledger: Ledger
    targets: tuple[Target, ...]
    recipe: str
    content: str = "none"
    wait: float = 0.0


class Findings(Struct, frozen=True):
    """The verdicts, and the comparisons when the inquiry read contents back (`read_back`)."""

    verdicts: tuple[SessionVerdict, ...]
    compared: tuple[Compared, ...] = ()
    read_back: bool = False

    @property
    def landed(self) -> bool:
        """Tell whether every session has landed, and every compared instance is the same."""
        return (
            bool(self.verdicts)
            and all(verdict.standing is Standing.LANDED for verdict in self.verdicts)
            and all(one.sameness in (Sameness.SAME, Sameness.FOREIGN) for one in self.compared)
        )


def inquire(inquiry: Inquiry, progress: Progress) -> Findings:
    """Ask every XNAT and wait up to `wait` seconds; raises `RestError` when one does not answer."""
    verdicts: list[SessionVerdict] = []
    compared: list[Compared] = []
    read_back = inquiry.content != "none"
    if read_back:
        inquiry.steps.prepare(inquiry.ledger.path.parent, len(inquiry.steps.transforms))
    for target in inquiry.targets:
        with RestClient(target.site) as client:
            reconciler = Reconciler(target, client, inquiry.ledger, inquiry.recipe)
            found = await_verdicts(reconciler, inquiry.wait, progress)
            verdicts += found
            if read_back:
                compared += _read_back(inquiry, reconciler, found, progress)
    return Findings(tuple(verdicts), tuple(compared), read_back)


def _read_back(
    inquiry: Inquiry, reconciler: Reconciler, verdicts: list[SessionVerdict], progress: Progress
) -> list[Compared]:
    reader = ContentReader(
        reconciler.client,
        inquiry.steps,
        PlanReader.last(inquiry.ledger),
        reconciler.target.anonymizes,
    )
    compared = []
    for verdict in verdicts:
        session = reconciler.expected.session(verdict.key)
        for one in reader.compare(session, verdict, whole=inquiry.content == "all"):
            compared.append(one)
            progress("compared", 1, None)
    return compared

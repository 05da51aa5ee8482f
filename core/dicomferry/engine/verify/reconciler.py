"""Ask one XNAT, session by session, what it holds of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.engine.pipeline.servers import Target
from dicomferry.engine.verify.holding import Holding
from dicomferry.engine.verify.mend import mend
from dicomferry.engine.verify.verdict import HoldingPlace, SessionVerdict, Standing
from dicomferry.ledger.reading.expected import ExpectedSession
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.store import Ledger
from dicomferry.model import Destination
from dicomferry.xnat.rest import (
    ArchiveReader,
    PrearchiveReader,
    PrearchiveSession,
    RestClient,
    RestError,
    is_under_way,
)
from dicomferry.xnat.rest.errors import SilentError


class Reconciler:
    """Compares a plan with what an XNAT holds, by SOP Instance UID."""

    def __init__(self, target: Target, client: RestClient, ledger: Ledger, recipe: str) -> None:
        self.target = target
        self.client = client
        self.expected = PlanReader.last(ledger).expected(target.sink)
        self._archive = ArchiveReader(client)
        self._prearchive = PrearchiveReader(client)
        self._recipe = recipe
        self._visible: frozenset[str] = frozenset()
        self._waiting: list[PrearchiveSession] = []
        self._trouble = ""
        self._silent = ""

    def verdicts(self) -> Iterator[SessionVerdict]:
        """Yield the verdict on every session of the plan.

        Raises `RestError` when XNAT does not answer the first question.
        """
        self.look()
        for session in self.expected.sessions():
            yield self.verdict(session)

    def look(self) -> None:
        """List what is in the prearchive now.

        Verification lists the prearchive before the archive. So it sees a session that moves in
        between twice; in the other order it would miss the session.
        """
        self.client.log_in()
        self._trouble = self._silent = ""
        self._visible = self._archive.projects()
        try:
            self._waiting = self._prearchive.sessions()
        except RestError as error:
            self._waiting, self._trouble = [], error.message

    def verdict(self, session: ExpectedSession) -> SessionVerdict:
        """Return how one session stands; UNKNOWN when XNAT did not answer a question."""
        if self._silent:
            return self._judged(session, Holding(session), Standing.UNKNOWN, self._silent)
        holding = Holding(session)
        try:
            self._gather(session, holding)
        except SilentError as error:
            self._silent = error.message
            return self._judged(session, holding, Standing.UNKNOWN, error.message)
        except RestError as error:
            return self._judged(session, holding, Standing.UNKNOWN, error.message)
        return self._judge(session, holding)

    def _gather(self, session: ExpectedSession, holding: Holding) -> None:
        archived = self._archive.session(session.destination)
        if archived is not None:
            files = tuple(self._archive.files(archived))
            holding.add(HoldingPlace(session.destination, files=files))
        holding.look_into_headers(self.client)
        if holding.at_home:
            return
        for waiting in self._waiting:
            if _concerns(waiting, session):
                holding.add(self._place(waiting))
        holding.look_into_headers(self.client)
        if holding.missing and not holding.under_way:
            self._look_elsewhere(session, holding)

    def _look_elsewhere(self, session: ExpectedSession, holding: Holding) -> None:
        try:
            for study in session.studies:
                for found in self._archive.sessions_of_study(study):
                    if found.destination != session.destination:
                        files = tuple(self._archive.files(found))
                        holding.add(HoldingPlace(found.destination, files=files))
            holding.look_into_headers(self.client)
        except SilentError:
            raise
        except RestError as error:
            # The instance is missing from its own place, whatever other places hold.
            holding.note = f"not looked for elsewhere: {error.message}"

    def _place(self, waiting: PrearchiveSession) -> HoldingPlace:
        destination = Destination(waiting.project, waiting.subject, waiting.label)
        if is_under_way(waiting.status):
            return HoldingPlace(destination, waiting.status, waiting.source, files=None)
        message = ""
        try:
            if waiting.status != "READY":
                message = self._prearchive.message(waiting)
            files = tuple(self._prearchive.files(waiting))
        except SilentError:
            raise
        except RestError:
            # XNAT could not build the XML of a session in ERROR, so it lists no files of it.
            return HoldingPlace(destination, waiting.status, waiting.source, message, None)
        return HoldingPlace(destination, waiting.status, waiting.source, message, files)

    def _judge(self, session: ExpectedSession, holding: Holding) -> SessionVerdict:
        if holding.at_home:
            return self._judged(session, holding, Standing.LANDED)
        if self._trouble:
            return self._judged(session, holding, Standing.UNKNOWN, self._trouble)
        if holding.under_way:
            return self._judged(session, holding, Standing.WAITING)
        if holding.missing:
            project = session.destination.project
            if project is not None and project not in self._visible:
                # XNAT answers "not found" for a project that the login may not see, too.
                message = f"the login cannot see the project '{project}'"
                return self._judged(session, holding, Standing.UNKNOWN, message)
            if holding.unlisted:
                return self._judged(session, holding, Standing.WAITING)
            standing = Standing.SHORT if holding.held else Standing.EMPTY
            return self._judged(session, holding, standing)
        standing = Standing.ELSEWHERE if holding.astray else Standing.WAITING
        return self._judged(session, holding, standing)

    def _judged(
        self, session: ExpectedSession, holding: Holding, standing: Standing, message: str = ""
    ) -> SessionVerdict:
        home = HoldingPlace(session.destination)
        places = tuple(p for p in holding.places if p.status or p.destination != home.destination)
        said = [*(place.message for place in places), holding.note, _held(holding)]
        told = message or "; ".join(dict.fromkeys(filter(None, said)))
        known = standing in (Standing.SHORT, Standing.EMPTY)
        missing = holding.missing if known else ()
        how = mend(
            standing, self._recipe, self.target.site.url, home.destination, places, missing
        )  # fmt: skip
        return SessionVerdict(
            session.key, self.target.server, self.target.sink, session.destination, standing,
            len(holding.expected), holding.held, missing, tuple(holding.foreign), places, told, how,
            holding.under_way,
        )  # fmt: skip


def _held(holding: Holding) -> str:
    """Say how many instances were held back when they came, and why the first one was."""
    held = [instance.held for instance in holding.expected.values() if instance.held]
    if not held:
        return ""
    number = "1 instance was" if len(held) == 1 else f"{len(held):,} instances were"
    return f"{number} held back once its own header was known: {held[0]}"


def _concerns(waiting: PrearchiveSession, session: ExpectedSession) -> bool:
    """Tell whether a prearchive session may hold instances of a planned session.

    XNAT's session key is project, StudyInstanceUID and label (`PrearcDatabase`).
    """
    place = session.destination
    same_place = waiting.project == place.project and waiting.label == place.session
    return same_place or waiting.study_instance_uid in session.studies

"""The projects of a server, and how XNAT finds one by a text."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from dicomferry.xnat.naming.notes import PROJECTS_NOT_DECLARED
from dicomferry.xnat.naming.options import Project
from dicomferry.xnat.naming.sources import Candidates

_PROJECT_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_UNDECLARED: Final = ", if there is such a project: the server's projects are not declared"


class FoundProject(Struct, frozen=True):
    """A project's ID, None for Unassigned; the rule that decided, in words; notes on it."""

    id: str | None
    why: str
    notes: tuple[str, ...] = ()


class Projects:
    """The projects the receiving user can read, by ID and alias, exact to the letter.

    Without a declaration the projects are unknown: any text that can be a project's ID counts as
    one, and the reason says so.
    """

    def __init__(self, projects: list[str | Project] | None) -> None:
        self._declared = projects is not None
        known = [Project(id=item) if isinstance(item, str) else item for item in projects or ()]
        aliases = {alias: project.id for project in known for alias in project.aliases}
        self._ids = {**aliases, **{project.id: project.id for project in known}}

    def find(self, text: str | None) -> str | None:
        """Return the ID of the project that a text names; None without such a project."""
        if text and not self._declared:
            return text if _PROJECT_ID.fullmatch(text) else None
        return self._ids.get(text) if text else None

    def first(self, candidates: Candidates) -> FoundProject:
        """Return the first project that a candidate names."""
        for source, text in candidates:
            if (project := self.find(text)) is not None:
                if self._declared:
                    return FoundProject(project, source)
                return FoundProject(project, f"{source}{_UNDECLARED}", (PROJECTS_NOT_DECLARED,))
        return FoundProject(None, "no rule matched: Unassigned")

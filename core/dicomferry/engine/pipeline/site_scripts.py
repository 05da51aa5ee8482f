"""What the anonymization scripts of an XNAT do to what it receives."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.dicom.header import Header
from dicomferry.dicom.tags import keyword_of
from dicomferry.model import Destination
from dicomferry.recipe.servers import XnatServer
from dicomferry.xnat.naming.options import Identification
from dicomferry.xnat.reading.generation import Generation
from dicomferry.xnat.reading.reader import reader_of
from dicomferry.xnat.scripts.default import DEFAULT_SCRIPT
from dicomferry.xnat.scripts.parsing import read_script
from dicomferry.xnat.scripts.running import Outcome, names_of, run_script
from dicomferry.xnat.scripts.statements import Script


def scripts_of(server: XnatServer) -> Iterator[tuple[str, Script]]:
    """Yield the scripts that a recipe holds of a server, each with what it is called."""
    if server.scripts is not None:
        yield "the site's script", read_script(server.scripts.site)
        for project, text in server.scripts.projects.items():
            yield f"the script of project {project}", read_script(text)


def changed_by_site(server: XnatServer) -> tuple[str, ...]:
    """Return the attributes that a server changes in what arrives, as far as that is known.

    They are what the recipe declares, or else what the scripts that it holds touch, or else what
    XNAT's own script does.
    """
    if server.anonymizes is not None:
        return tuple(server.anonymizes)
    if server.scripts is None:
        tags = read_script(DEFAULT_SCRIPT).touched
    else:
        tags = tuple(sorted({tag for _, script in scripts_of(server) for tag in script.touched}))
    return tuple(map(keyword_of, tags))


class SiteScripts:
    """Runs the scripts that a recipe holds of one server."""

    def __init__(self, server: XnatServer) -> None:
        texts = server.scripts
        options = server.identification_options
        declared = options if isinstance(options, Identification) else Identification()
        self._reader = reader_of(declared.xnat or Generation.XNAT_1_10)
        self._site = read_script(texts.site) if texts else Script()
        projects = texts.projects if texts else {}
        self._projects = {project: read_script(text) for project, text in projects.items()}

    def run(self, header: Header, destination: Destination) -> Outcome:
        """Run the site's script on an instance, and behind it that of its project."""
        project = self._projects.get(destination.project or "", Script())
        both = Script(self._site.statements + project.statements)
        return run_script(both, header, names_of(destination), self._reader)

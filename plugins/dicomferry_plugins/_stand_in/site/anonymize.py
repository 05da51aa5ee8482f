"""What the scripts of the site and of its projects do to stored files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dicomferry import Destination, Location
from dicomferry.dicom import open_instance
from dicomferry.xnat import (
    DEFAULT_SCRIPT,
    Generation,
    Script,
    names_of,
    read_script,
    reader_of,
    run_script,
)
from dicomferry_plugins._stand_in.site.content import Arrival, Content


class Anonymizer:
    """Runs the site's script on what comes in, and that of its project on what is archived.

    What a script does that is not understood is left undone: the plan and `doctor` name it.
    """

    def __init__(self, site: str | None, projects: Mapping[str, str]) -> None:
        self.site_text = DEFAULT_SCRIPT if site is None else site
        self.project_texts = dict(projects)
        self._site = read_script(self.site_text)
        self._projects = {project: read_script(text) for project, text in projects.items()}

    def received(
        self, file: Content, folder: Path, destination: Destination, generation: Generation
    ) -> Content:
        """Return a Part 10 file as it is stored in the prearchive.

        `folder` is for a scratch file, which is there no more once the file is kept.
        """
        return _run(self._site, file, folder, destination, generation)

    def has_script(self, destination: Destination) -> bool:
        """Tell whether the project of a session has a script."""
        return destination.project in self._projects

    def archived(
        self, file: Content, folder: Path, destination: Destination, generation: Generation
    ) -> Content:
        """Return a Part 10 file of the prearchive as it is stored in the archive."""
        script = self._projects.get(destination.project or "", Script())
        return _run(script, file, folder, destination, generation)


def _run(
    script: Script, file: Content, folder: Path, destination: Destination, generation: Generation
) -> Content:
    with open_instance(file.open(), Location("stored")) as instance:
        reader = reader_of(generation)
        outcome = run_script(script, instance.header, names_of(destination), reader)
        if not outcome.edits:
            return file
        rewritten = Arrival(folder)
        try:
            for chunk in instance.file(instance.header.edited(outcome.edits)).chunks():
                rewritten.write(chunk)
            rewritten.settle()
        except BaseException:
            rewritten.close()
            raise
        return rewritten

"""The identifiers of XNAT itself: `classic`, its default, and `dqr`, of the DQR plug-in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dicomferry import Component, Context, hookimpl
from dicomferry.xnat import (
    ClassicIdentifier,
    DqrIdentifier,
    Identification,
    Identifier,
    identification_faults,
)

_Fault = tuple[tuple[str | int, ...], str]


class Classic(Identification, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Receiver rules, site rules, assignments in comments, then whole elements.

    `projects` are those the receiving user can read, `site` and `receiver` the routing rules in
    the order XNAT tries them.
    """

    def faults(self) -> Iterator[_Fault]:
        """Yield every rule that XNAT refuses, or that cannot be forecast."""
        return _with_paths(identification_faults(self))


class Dqr(Identification, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The project by the table of routed studies, the rest from whole elements.

    `routing` maps a StudyInstanceUID to one of the `projects`.
    """

    def faults(self) -> Iterator[_Fault]:
        """Yield the routings that XNAT refuses to save."""
        return _with_paths(identification_faults(self, dqr=True))


def _with_paths(found: Iterable[tuple[str, str]]) -> Iterator[_Fault]:
    """Yield faults; a path such as `site.project[0]` becomes a tuple."""
    for path, message in found:
        steps = re.findall(r"\w+", path)
        yield tuple(int(step) if step.isdigit() else step for step in steps), message


def _classic(options: Classic, context: Context) -> ClassicIdentifier:  # noqa: ARG001 - a build
    return ClassicIdentifier(options)


def _dqr(options: Dqr, context: Context) -> DqrIdentifier:  # noqa: ARG001 - a build
    return DqrIdentifier(options)


_CLASSIC_EXAMPLE = """\
servers:
  xnat:
    xnat:
      dicom: {host: xnat.example.org, port: 8104, ae_title: XNAT}
      identification:                 # the receiver's own rules, the site's, and its projects
        projects: [P01, P02]
        receiver: {project: ["(0008,0090):(P[0-9]+):1"]}
        site: {session: ["(0020,0010):E(\\\\w+):1"]}
"""
_DQR_EXAMPLE = """\
servers:
  xnat:
    xnat:
      dicom: {host: xnat.example.org, port: 8104, ae_title: XNAT}
      identification:                 # the table of routed studies names the project
        identifier: dqr
        projects: [P01]
        routing: {1.2.840.113619.2.1: P01}
"""


@hookimpl
def dicomferry_identifiers() -> Iterable[
    Component[Classic, Identifier] | Component[Dqr, Identifier]
]:
    """Offer the classic and dqr identifiers."""
    yield Component("classic", "XNAT's default identifier", Classic, _classic, _CLASSIC_EXAMPLE)
    yield Component("dqr", "the identifier of XNAT's DQR plug-in", Dqr, _dqr, _DQR_EXAMPLE)

"""The `identification:` of an XNAT server in a recipe, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from dicomferry.xnat.reading.generation import Generation
from dicomferry.xnat.routing.rules import parse_rule, rule_lines


class Project(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project of the server, with the aliases XNAT knows it by."""

    id: str
    aliases: list[str] = []


class RoutingRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Custom routing rules by level, in the order XNAT tries them."""

    project: list[str] = []
    subject: list[str] = []
    session: list[str] = []


class SiteRules(RoutingRules, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Site-wide routing rules; these can ask for auto-archive too."""

    aa: list[str] = []


class Identification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a server identifies: its projects, its rules, its routed studies.

    `xnat` is the generation of the server; left out, the newer one is forecast, and the plan notes
    where the older one differs. `projects` are those the receiving user can read; left out, any
    project is taken to be there. `receiver` are the routing expressions of the receiver that is
    sent to, `routing` maps a StudyInstanceUID to a project (DQR only).
    """

    xnat: Generation | None = None
    projects: list[str | Project] | None = None
    site: SiteRules = SiteRules()
    receiver: RoutingRules = RoutingRules()
    routing: dict[str, str] = {}


def _faults_of(path: str, texts: list[str], *, high_groups: bool) -> Iterator[tuple[str, str]]:
    for index, text in enumerate(texts):
        for line in rule_lines([text]):
            try:
                faults: Iterable[str] = parse_rule("rule", line, high_groups=high_groups).faults()
            except ValueError as error:
                faults = (str(error),)
            yield from ((f"{path}[{index}]", fault) for fault in faults)


def identification_faults(options: Identification, *, dqr: bool = False) -> list[tuple[str, str]]:
    """Return what is wrong with a server's declared identification, as (path, message).

    A rule XNAT would stumble over, or whose effect cannot be told beforehand, is a fault; so are
    receiver rules for the DQR identifier, which XNAT refuses to save.
    """
    receiver, site = options.receiver, options.site
    high = options.xnat is not Generation.XNAT_1_9
    if dqr and (receiver.project or receiver.subject or receiver.session):
        return [("receiver", "the dqr identifier does not support custom routing; XNAT refuses it")]
    return [
        fault
        for owner, rules in (("site", site), ("receiver", receiver))
        for level, texts in msgspec.structs.asdict(rules).items()
        for fault in _faults_of(f"{owner}.{level}", texts, high_groups=high)
    ]

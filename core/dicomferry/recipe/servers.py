"""The servers a recipe declares: how they are reached, and how an XNAT identifies.

*Kind*: what a plug-in offers (`ServerKind`), `pacs` for example; its options are what the recipe
says of one server. `xnat` is a kind that is always there, because the engine verifies, examines
and stands in for an XNAT.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, field

from dicomferry.contract.component import ServerKind
from dicomferry.recipe.annotations import AETitle, Attribute, Host, Port, Seconds, Secret

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = "|".join(_DAYS)
_SPAN: Final = re.compile(rf"({_DAY})(-({_DAY}))?")
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]|24):[0-5]\d")


def hours_faults(hours: Mapping[str, str]) -> Iterable[tuple[tuple[str, ...], str]]:
    """Yield path and message for each entry that is not like `{mon-fri: "19:00-06:00"}`."""
    for days, times in hours.items():
        if days != "all" and not _SPAN.fullmatch(days):
            yield (days,), f"'{days}' is not days: write mon-fri, sat or all"
        elif times not in {"all", "none"} and not _HOURS.fullmatch(times):
            yield (days,), f"'{times}' is not hours: write \"19:00-06:00\", all or none"


class DeclaredTls(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Encryption of a DICOM association (PS3.15 B); files relative to the recipe's folder."""

    ca: Annotated[str, Meta(description="Certificates that vouch for the server (PEM).")] = ""
    certificate: Annotated[str, Meta(description="Our own certificate (PEM).")] = ""
    key: Annotated[str, Meta(description="The key of our own certificate (PEM).")] = ""
    check_host_name: Annotated[
        bool,
        Meta(description="Whether the certificate must name the host. A PACS's often names none."),
    ] = True

    def faults(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """Yield a fault for a certificate without a key, and for a key without a certificate."""
        if bool(self.certificate) != bool(self.key):
            missing = "key" if self.certificate else "certificate"
            yield (), f"certificate and key belong together; {missing} is missing"


class XnatDicom(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An XNAT's DICOM receiver."""

    host: Host
    port: Port = 8104
    ae_title: AETitle = "XNAT"
    calling_ae_title: AETitle = "DICOMFERRY"
    associations: Annotated[
        int, Meta(ge=1, le=64, description="Sessions that are sent at once.")
    ] = 4
    tls: DeclaredTls | None = None
    connect_timeout: Annotated[Seconds, Meta(description="Seconds to reach the receiver.")] = 10
    timeout: Annotated[Seconds, Meta(description="Seconds to wait for a response.")] = 60


class XnatRest(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An XNAT's REST side."""

    url: Annotated[
        str, Meta(pattern=r"^https?://[^\s@]+$", description="https://HOST, without a login in it.")
    ]
    login: Annotated[
        Secret, Meta(description="A reference to `user:password`, as `${netrc:xnat.example.org}`.")
    ]
    ca: Annotated[str, Meta(description="Certificates that vouch for the server (PEM).")] = ""
    connect_timeout: Annotated[Seconds, Meta(description="Seconds to reach the server.")] = 10
    timeout: Annotated[Seconds, Meta(description="Seconds to wait for an answer.")] = 60


class XnatPace(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How many sessions an XNAT gets at once. With rest: it is asked what it has not built yet."""

    outstanding: Annotated[
        int | None,
        Meta(
            description="Sessions that XNAT receives or builds at once, at most. Left out: found"
            " out by how long builds take, or 8 without rest."
        ),
    ] = None
    patience: Annotated[
        Seconds,
        Meta(description="Seconds without a session built after which XNAT is taken to be stuck."),
    ] = 1800
    quiet: Annotated[
        Seconds,
        Meta(description="Without rest: seconds that XNAT takes to build what became quiet."),
    ] = 480

    def faults(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """Say that less than one session is none."""
        if self.outstanding is not None and self.outstanding < 1:
            yield ("outstanding",), "at least one session must be let through"


class XnatScripts(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The anonymization scripts of an XNAT, as `doctor --write` fetches them."""

    site: Annotated[
        str,
        Meta(description="The site's, which runs on each file that comes in; empty: it is off."),
    ] = ""
    projects: Annotated[
        dict[str, str],
        Meta(description="Those of projects by their IDs, which run when a session is archived."),
    ] = field(default_factory=dict)


class IdentifiedBy(Struct, frozen=True):
    """How an XNAT identifies: the component that emulates it, and that component's options."""

    identifier: str
    options: object


class XnatServer(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An XNAT. `identification` is a mapping in YAML and an `IdentifiedBy` once loaded."""

    dicom: XnatDicom
    rest: XnatRest | None = None
    pace: XnatPace | None = None
    identification: Any = None
    scripts: XnatScripts | None = None
    anonymizes: Annotated[
        list[Attribute] | None,
        Meta(
            description="What the site's anonymization changes in what arrives; `verify --content`"
            " does not compare it. Left out: what the scripts change, or without these what XNAT's"
            " own script does."
        ),
    ] = None

    @property
    def identifier(self) -> str:
        """The name of the component that emulates how this XNAT identifies."""
        known = isinstance(self.identification, IdentifiedBy)
        return self.identification.identifier if known else DEFAULT_IDENTIFIER

    @property
    def identification_options(self) -> object:
        """The options of that component; None where it is not installed."""
        known = isinstance(self.identification, IdentifiedBy)
        return self.identification.options if known else None

    def faults(self) -> Iterable[tuple[tuple[str, ...], str]]:
        """Say what is wrong with the encryption, and with what is anonymized."""
        from dicomferry.dicom.tags import parse_tag

        for path, message in self.dicom.tls.faults() if self.dicom.tls else ():
            yield ("dicom", "tls", *path), message
        for path, message in self.pace.faults() if self.pace else ():
            yield ("pace", *path), message
        for name in self.anonymizes or ():
            try:
                parse_tag(name)
            except ValueError:
                yield ("anonymizes",), f"'{name}': only a keyword or (gggg,eeee) can be used here"


_XNAT_EXAMPLE: Final = """\
  xnat:                               # where they are sent
    xnat:
      dicom: {host: xnat.example.org, port: 8104, ae_title: XNAT}
      identification:                 # how this server names what arrives
        projects: ["{{ params.project }}"]
"""

XNAT: Final = ServerKind("xnat", "An XNAT to send to.", XnatServer, example=_XNAT_EXAMPLE)
"""The one kind of server that no plug-in needs to offer."""

DEFAULT_IDENTIFIER: Final = "classic"

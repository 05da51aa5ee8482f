"""The public API: what a source, a transform, a sink and their hooks need, and `Ferry`.

A plug-in is a module with functions marked `hookimpl` (see `dicomferry.hookspecs`) that yield
`Component` records. More is in `dicomferry.dicom` (tags, archives, headers), `dicomferry.dimse`
(associations, peers), `dicomferry.xnat` (identifiers, labels), `dicomferry.options`
(types of options, declared servers, decorators of verbs), `dicomferry.contract` (fetchers,
executors, importers) and `dicomferry.spreadsheet`; and nothing else is public.
Changing a name in any of them needs a line in the changelog.

A name is imported when it is first asked for (PEP 562), so that `dicomferry --help` loads none.
Each stands twice: imported for type checkers and editors, and with its module for `lazily`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.lazily import lazily

if TYPE_CHECKING:
    from dicomferry.contract.component import Component as Component, ServerKind as ServerKind
    from dicomferry.contract.context import Context as Context
    from dicomferry.contract.plan import PlannedSession as PlannedSession, PlanView as PlanView
    from dicomferry.contract.sink import (
        Consignment as Consignment,
        Delivery as Delivery,
        Foresees as Foresees,
        Parcel as Parcel,
        Pending as Pending,
        Sink as Sink,
        WritesDisk as WritesDisk,
    )
    from dicomferry.contract.source import (
        FoundCopy as FoundCopy,
        Look as Look,
        Preferring as Preferring,
        ReadsDisk as ReadsDisk,
        Source as Source,
        Table as Table,
        TableRow as TableRow,
        Tabular as Tabular,
    )
    from dicomferry.contract.transform import (
        Catalog as Catalog,
        Preparing as Preparing,
        Reading as Reading,
        Salted as Salted,
        StudyAt as StudyAt,
        Transform as Transform,
    )
    from dicomferry.dicom.edits import (
        Delete as Delete,
        Edit as Edit,
        Edits as Edits,
        Set as Set,
        TagPath as TagPath,
    )
    from dicomferry.dicom.header import Header as Header
    from dicomferry.errors import (
        DamagedError as DamagedError,
        EditError as EditError,
        FerryError as FerryError,
        ProblemsError as ProblemsError,
        StoppedError as StoppedError,
        TemplateError as TemplateError,
        UnreadableError as UnreadableError,
    )
    from dicomferry.ferry import Ferry as Ferry
    from dicomferry.hookspecs import hookimpl as hookimpl
    from dicomferry.model import (
        Check as Check,
        CheckState as CheckState,
        Destination as Destination,
        Excluded as Excluded,
        Failed as Failed,
        Finding as Finding,
        InstanceRef as InstanceRef,
        LocalFile as LocalFile,
        Location as Location,
        MissingKey as MissingKey,
        NotLookedInto as NotLookedInto,
        Outcome as Outcome,
        Place as Place,
        Problem as Problem,
        Refused as Refused,
        Rejected as Rejected,
        RemoteInstance as RemoteInstance,
        Severity as Severity,
        Stored as Stored,
        Unusable as Unusable,
    )
    from dicomferry.recipe.recipe import Recipe as Recipe
    from dicomferry.template import Condition as Condition, Template as Template
else:
    __all__, __getattr__, __dir__ = lazily(__name__, {
        "contract.component": ("Component", "ServerKind"),
        "contract.context": ("Context",),
        "contract.plan": ("PlanView", "PlannedSession"),
        "contract.sink": (
            "Consignment", "Delivery", "Foresees", "Parcel", "Pending", "Sink", "WritesDisk",
        ),
        "contract.source": (
            "FoundCopy", "Look", "Preferring", "ReadsDisk", "Source", "Table", "TableRow",
            "Tabular",
        ),
        "contract.transform": ("Catalog", "Preparing", "Reading", "Salted", "StudyAt", "Transform"),
        "dicom.edits": ("Delete", "Edit", "Edits", "Set", "TagPath"),
        "dicom.header": ("Header",),
        "errors": (
            "DamagedError", "EditError", "FerryError", "ProblemsError", "StoppedError",
            "TemplateError", "UnreadableError",
        ),
        "ferry": ("Ferry",),
        "hookspecs": ("hookimpl",),
        "model": (
            "Check", "CheckState", "Destination", "Excluded", "Failed", "Finding", "InstanceRef",
            "LocalFile", "Location", "MissingKey", "NotLookedInto", "Outcome", "Place", "Problem",
            "Refused", "Rejected", "RemoteInstance", "Severity", "Stored", "Unusable",
        ),
        "recipe.recipe": ("Recipe",),
        "template": ("Condition", "Template"),
    })  # fmt: skip

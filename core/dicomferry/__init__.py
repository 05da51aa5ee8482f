"""The public API: what a source, a transform, a sink and their hooks need, and `Ferry`.

A plug-in is a module with functions marked `hookimpl` (see `dicomferry.hookspecs`) that yield
`Component` records. More is in `dicomferry.dicom` (tags, archives, headers), `dicomferry.dimse`
(associations, queries, peers), `dicomferry.xnat` (identifiers, labels), `dicomferry.options`
(types of options, declared servers, decorators of verbs), `dicomferry.fetching`,
`dicomferry.executor`, `dicomferry.importer` and `dicomferry.spreadsheet`; and nothing else is
public.
Changing a name in any of them needs a line in the changelog.

A name is imported when it is first asked for (PEP 562), so that `dicomferry --help` loads none.
Each stands twice: imported for type checkers and editors, and with its module for `lazily`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.lazily import lazily

if TYPE_CHECKING:
    from dicomferry.component import (
        Catalog as Catalog,
        Component as Component,
        Consignment as Consignment,
        Context as Context,
        Delivery as Delivery,
        Parcel as Parcel,
        PlannedSession as PlannedSession,
        PlanView as PlanView,
        Preparing as Preparing,
        Reading as Reading,
        Salted as Salted,
        ServerKind as ServerKind,
        Sink as Sink,
        Source as Source,
        StudyAt as StudyAt,
        Table as Table,
        TableRow as TableRow,
        Tabular as Tabular,
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
        TemplateError as TemplateError,
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
        "component": (
            "Catalog", "Component", "Consignment", "Context", "Delivery", "Parcel", "PlanView",
            "PlannedSession", "Preparing", "Reading", "Salted", "ServerKind", "Sink", "Source",
            "StudyAt", "Table", "TableRow", "Tabular", "Transform",
        ),
        "dicom.edits": ("Delete", "Edit", "Edits", "Set", "TagPath"),
        "dicom.header": ("Header",),
        "errors": ("DamagedError", "EditError", "FerryError", "ProblemsError", "TemplateError"),
        "ferry": ("Ferry",),
        "hookspecs": ("hookimpl",),
        "model": (
            "Check", "CheckState", "Destination", "Excluded", "Failed", "Finding", "InstanceRef",
            "LocalFile", "Location", "Outcome", "Place", "Problem", "Refused", "Rejected",
            "RemoteInstance", "Severity", "Stored", "Unusable",
        ),
        "recipe.recipe": ("Recipe",),
        "template": ("Condition", "Template"),
    })  # fmt: skip

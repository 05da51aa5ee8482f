"""The public API: what a source, a transform, a sink and their hooks need, and `Ferry`.

A plug-in is a module with functions marked `hookimpl` (see `dicomferry.hookspecs`) that yield
`Component` records. More is in `dicomferry.dicom` (tags, archives, headers), `dicomferry.dimse`
(associations, queries, peers), `dicomferry.xnat` (identifiers, labels), `dicomferry.options`
(types of options, declared servers, decorators of verbs), `dicomferry.fetching`,
`dicomferry.executor`, `dicomferry.importer` and `dicomferry.spreadsheet`; and nothing else is
public.
Changing a name in any of them needs a line in the changelog.

A name is imported when it is first asked for (PEP 562), so that `dicomferry --help` loads none.
Each stands for type checkers and editors, in `HOMES` with its module, and in `__all__`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dicomferry.lazily import lazily

if TYPE_CHECKING:
    from dicomferry.component import (
        Catalog,
        Component,
        Consignment,
        Context,
        Delivery,
        Parcel,
        PlannedSession,
        PlanView,
        Preparing,
        Reading,
        Salted,
        ServerKind,
        Sink,
        Source,
        StudyAt,
        Table,
        TableRow,
        Tabular,
        Transform,
    )
    from dicomferry.dicom.edits import Delete, Edit, Edits, Set, TagPath
    from dicomferry.dicom.header import Header
    from dicomferry.errors import DamagedError, EditError, FerryError, ProblemsError, TemplateError
    from dicomferry.ferry import Ferry
    from dicomferry.hookspecs import hookimpl
    from dicomferry.model import (
        Check,
        CheckState,
        Destination,
        Excluded,
        Failed,
        Finding,
        InstanceRef,
        LocalFile,
        Location,
        Outcome,
        Place,
        Problem,
        Refused,
        Rejected,
        RemoteInstance,
        Severity,
        Stored,
        Unusable,
    )
    from dicomferry.recipe.recipe import Recipe
    from dicomferry.template import Condition, Template

HOMES: Final = {
    "component": (
        "Catalog",
        "Component",
        "Consignment",
        "Context",
        "Delivery",
        "Parcel",
        "PlanView",
        "PlannedSession",
        "Preparing",
        "Reading",
        "Salted",
        "ServerKind",
        "Sink",
        "Source",
        "StudyAt",
        "Table",
        "TableRow",
        "Tabular",
        "Transform",
    ),
    "dicom.edits": ("Delete", "Edit", "Edits", "Set", "TagPath"),
    "dicom.header": ("Header",),
    "errors": ("DamagedError", "EditError", "FerryError", "ProblemsError", "TemplateError"),
    "ferry": ("Ferry",),
    "hookspecs": ("hookimpl",),
    "model": (
        "Check",
        "CheckState",
        "Destination",
        "Excluded",
        "Failed",
        "Finding",
        "InstanceRef",
        "LocalFile",
        "Location",
        "Outcome",
        "Place",
        "Problem",
        "Refused",
        "Rejected",
        "RemoteInstance",
        "Severity",
        "Stored",
        "Unusable",
    ),
    "recipe.recipe": ("Recipe",),
    "template": ("Condition", "Template"),
}

__all__ = [
    "Catalog",
    "Check",
    "CheckState",
    "Component",
    "Condition",
    "Consignment",
    "Context",
    "DamagedError",
    "Delete",
    "Delivery",
    "Destination",
    "Edit",
    "EditError",
    "Edits",
    "Excluded",
    "Failed",
    "Ferry",
    "FerryError",
    "Finding",
    "Header",
    "InstanceRef",
    "LocalFile",
    "Location",
    "Outcome",
    "Parcel",
    "Place",
    "PlanView",
    "PlannedSession",
    "Preparing",
    "Problem",
    "ProblemsError",
    "Reading",
    "Recipe",
    "Refused",
    "Rejected",
    "RemoteInstance",
    "Salted",
    "ServerKind",
    "Set",
    "Severity",
    "Sink",
    "Source",
    "Stored",
    "StudyAt",
    "Table",
    "TableRow",
    "Tabular",
    "TagPath",
    "Template",
    "TemplateError",
    "Transform",
    "Unusable",
    "hookimpl",
]

__getattr__, __dir__ = lazily(__name__, HOMES)

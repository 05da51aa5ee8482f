"""The public API for plug-in authors: everything a component may import, and nothing else.

A plug-in is a module with functions marked `hookimpl` (see `dicomferry.hookspecs`) that yield
`Component` records. Changing a name here needs a line in the changelog.

A name is imported when it is first asked for (PEP 562), so that `dicomferry --help` loads none.
Each stands here for type checkers and editors, in `_HOMES` with its module, and in `__all__`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dicomferry.component import (
        Catalog,
        Component,
        Consignment,
        Context,
        Delivery,
        DicomNode,
        Identifier,
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
    from dicomferry.dicom.archive import (
        is_archive,
        list_members,
    )
    from dicomferry.dicom.between import (
        edits_between,
    )
    from dicomferry.dicom.dictionary import (
        standard_vr,
    )
    from dicomferry.dicom.edits import (
        Delete,
        Edit,
        Edits,
        Set,
        TagPath,
    )
    from dicomferry.dicom.head import (
        read_header,
    )
    from dicomferry.dicom.header import (
        Header,
    )
    from dicomferry.dicom.splice import (
        Spliced,
    )
    from dicomferry.dicom.tags import (
        ElementPattern,
        keyword_of,
        parse_pattern,
        parse_tag,
    )
    from dicomferry.dimse import (
        AssociationLostError,
        AssociationRejectedError,
        ContextRefusedError,
        Peer,
        StatusCategory,
        StorageAssociation,
        StoreResponse,
        Syntaxes,
        Timeouts,
        Tls,
        UnreachableError,
        can_propose,
        echo,
        open_association,
        plan_contexts,
        store_status,
    )
    from dicomferry.dimse.discreet import (
        discreet,
    )
    from dicomferry.dimse.retrieve.fetch import (
        DimseFetcher,
        moving,
    )
    from dicomferry.dimse.retrieve.move import (
        MoveTarget,
    )
    from dicomferry.dimse.retrieve.probes import (
        try_get,
        try_move,
    )
    from dicomferry.dimse.retrieve.query import (
        IMAGE,
        SERIES,
        STUDY,
        IncompleteAnswerError,
        Query,
        TooManyAnswersError,
        open_query,
    )
    from dicomferry.dimse.retrieve.search import (
        FoundSeries,
        FoundStudy,
        find_contents,
        find_studies,
    )
    from dicomferry.errors import (
        DamagedError,
        EditError,
        FerryError,
        ProblemsError,
        TemplateError,
    )
    from dicomferry.ferry import (
        Ferry,
    )
    from dicomferry.fetching import (
        BytesWriter,
        Fetched,
        Fetcher,
        FetchOrder,
        Inbox,
        Manners,
    )
    from dicomferry.hookspecs import (
        hookimpl,
    )
    from dicomferry.importer import (
        Importer,
        Translation,
    )
    from dicomferry.model import (
        LEVELS,
        AutoArchive,
        Because,
        Check,
        CheckState,
        Destination,
        Excluded,
        Failed,
        Finding,
        Forecast,
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
        Wanted,
    )
    from dicomferry.recipe.annotations import (
        AETitle,
        Attribute,
        AttributePattern,
        Port,
        Regex,
        Seconds,
        Secret,
        ServerName,
    )
    from dicomferry.recipe.recipe import (
        Recipe,
    )
    from dicomferry.recipe.servers import (
        PacsServer,
        XnatDicom,
        XnatServer,
        hours_faults,
    )
    from dicomferry.recipe.yaml.rewriting import (
        written,
    )
    from dicomferry.template import (
        Condition,
        Template,
    )
    from dicomferry.xnat.dqr_csv import (
        DqrRow,
        DqrTable,
        read_dqr_csv,
    )
    from dicomferry.xnat.labels import (
        to_label,
    )
    from dicomferry.xnat.naming.identifiers import (
        ClassicIdentifier,
        DqrIdentifier,
    )
    from dicomferry.xnat.naming.options import (
        Identification,
        identification_faults,
    )
    from dicomferry.xnat.writing import (
        LabelsIn,
        write_labels,
    )

_HOMES: Final = {
    "component": (
        "Catalog", "Component", "Consignment", "Context", "Delivery", "DicomNode", "Identifier",
        "Parcel", "PlanView", "PlannedSession", "Preparing", "Reading", "Salted",
        "ServerKind", "Sink", "Source", "StudyAt", "Table", "TableRow", "Tabular", "Transform",
    ),
    "dicom.archive": ("is_archive", "list_members",),
    "dicom.between": ("edits_between",),
    "dicom.dictionary": ("standard_vr",),
    "dicom.edits": ("Delete", "Edit", "Edits", "Set", "TagPath",),
    "dicom.head": ("read_header",),
    "dicom.header": ("Header",),
    "dicom.splice": ("Spliced",),
    "dicom.tags": ("ElementPattern", "keyword_of", "parse_pattern", "parse_tag",),
    "dimse": (
        "AssociationLostError", "AssociationRejectedError", "ContextRefusedError", "Peer",
        "StorageAssociation", "StoreResponse", "Syntaxes", "Timeouts", "Tls",
        "UnreachableError", "StatusCategory", "can_propose", "echo", "open_association",
        "plan_contexts",
        "store_status",
    ),
    "dimse.retrieve.fetch": ("DimseFetcher", "moving"),
    "dimse.retrieve.move": ("MoveTarget",),
    "dimse.retrieve.probes": ("try_get", "try_move"),
    "dimse.retrieve.query": (
        "IMAGE", "SERIES", "STUDY", "IncompleteAnswerError", "Query", "TooManyAnswersError",
        "open_query",
    ),
    "dimse.discreet": ("discreet",),
    "dimse.retrieve.search": ("FoundSeries", "FoundStudy", "find_contents", "find_studies"),
    "errors": ("DamagedError", "EditError", "FerryError", "ProblemsError", "TemplateError",),
    "ferry": ("Ferry",),
    "fetching": ("BytesWriter", "FetchOrder", "Fetched", "Fetcher", "Inbox", "Manners"),
    "hookspecs": ("hookimpl",),
    "importer": ("Importer", "Translation"),
    "model": (
        "LEVELS", "AutoArchive", "Because", "Check", "CheckState", "Destination", "Excluded",
        "Failed", "Finding", "Forecast", "InstanceRef", "LocalFile", "Location", "Outcome", "Place",
        "Problem", "Refused", "Rejected", "RemoteInstance", "Severity", "Stored", "Unusable",
        "Wanted",
    ),
    "recipe.annotations": (
        "AETitle", "Attribute", "AttributePattern", "Port", "Regex", "Seconds", "Secret",
        "ServerName",
    ),
    "recipe.recipe": ("Recipe",),
    "recipe.servers": ("PacsServer", "XnatDicom", "XnatServer", "hours_faults"),
    "recipe.yaml.rewriting": ("written",),
    "template": ("Condition", "Template",),
    "xnat.dqr_csv": ("DqrRow", "DqrTable", "read_dqr_csv"),
    "xnat.naming.identifiers": ("ClassicIdentifier", "DqrIdentifier",),
    "xnat.naming.options": ("Identification", "identification_faults",),
    "xnat.labels": ("to_label",),
    "xnat.writing": ("LabelsIn", "write_labels"),
}  # fmt: skip

_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "IMAGE",
    "LEVELS",
    "SERIES",
    "STUDY",
    "AETitle",
    "AssociationLostError",
    "AssociationRejectedError",
    "Attribute",
    "AttributePattern",
    "AutoArchive",
    "Because",
    "BytesWriter",
    "Catalog",
    "Check",
    "CheckState",
    "ClassicIdentifier",
    "Component",
    "Condition",
    "Consignment",
    "Context",
    "ContextRefusedError",
    "DamagedError",
    "Delete",
    "Delivery",
    "Destination",
    "DicomNode",
    "DimseFetcher",
    "DqrIdentifier",
    "DqrRow",
    "DqrTable",
    "Edit",
    "EditError",
    "Edits",
    "ElementPattern",
    "Excluded",
    "Failed",
    "Ferry",
    "FerryError",
    "FetchOrder",
    "Fetched",
    "Fetcher",
    "Finding",
    "Forecast",
    "FoundSeries",
    "FoundStudy",
    "Header",
    "Identification",
    "Identifier",
    "Importer",
    "Inbox",
    "IncompleteAnswerError",
    "InstanceRef",
    "LabelsIn",
    "LocalFile",
    "Location",
    "Manners",
    "MoveTarget",
    "Outcome",
    "PacsServer",
    "Parcel",
    "Peer",
    "Place",
    "PlanView",
    "PlannedSession",
    "Port",
    "Preparing",
    "Problem",
    "ProblemsError",
    "Query",
    "Reading",
    "Recipe",
    "Refused",
    "Regex",
    "Rejected",
    "RemoteInstance",
    "Salted",
    "Seconds",
    "Secret",
    "ServerKind",
    "ServerName",
    "Set",
    "Severity",
    "Sink",
    "Source",
    "Spliced",
    "StatusCategory",
    "StorageAssociation",
    "StoreResponse",
    "Stored",
    "StudyAt",
    "Syntaxes",
    "Table",
    "TableRow",
    "Tabular",
    "TagPath",
    "Template",
    "TemplateError",
    "Timeouts",
    "Tls",
    "TooManyAnswersError",
    "Transform",
    "Translation",
    "UnreachableError",
    "Unusable",
    "Wanted",
    "XnatDicom",
    "XnatServer",
    "can_propose",
    "discreet",
    "echo",
    "edits_between",
    "find_contents",
    "find_studies",
    "hookimpl",
    "hours_faults",
    "identification_faults",
    "is_archive",
    "keyword_of",
    "list_members",
    "moving",
    "open_association",
    "open_query",
    "parse_pattern",
    "parse_tag",
    "plan_contexts",
    "read_dqr_csv",
    "read_header",
    "standard_vr",
    "store_status",
    "to_label",
    "try_get",
    "try_move",
    "write_labels",
    "written",
]


def __getattr__(name: str) -> object:
    """Import a public name from its home."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__]

"""What dicomferry knows of XNAT: how it names, files and refuses, and how to talk to it.

* `naming`: an *identifier* makes a *forecast* of a header: the project, the subject label and the
  session label that XNAT will take, and the rule that decided each.
* `reading`: a *reader* reads a header as one *generation* of XNAT does.
* `routing`: the *rules* that a site writes for its identifier, with Java's regular expressions.
* `filing`: a *session* in the *prearchive* and in the *archive*: what tells two apart, when one is
  archived, what is a *conflict*, and what its *scans* are called.
* `scripts`: what an anonymization *script* of a site or project does to what is stored.
* `rest`: the client that asks an XNAT, or a stand-in, over REST.
* `writing`: the *edits* by which an identifier reads the labels that are asked for.
* `labels` and `capabilities`: the texts of labels, and the SOP classes that XNAT accepts.

`naming` uses `filing`, `routing` and `reading`, `scripts` the last two; all may use `labels`.
Modules above `xnat` ask `filing` and `naming` for a rule of XNAT's and do not state it once more.
The vectors under `tests/core/xnat` share no code with any of this.

Plug-ins see the names of `__all__`, each imported when it is first asked for. The built-in
*stand-in*, which receives as an XNAT would, asks the rules by these names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.lazily import lazily

if TYPE_CHECKING:
    from dicomferry.contract.identifier import Identifier as Identifier
    from dicomferry.model import (
        LEVELS as LEVELS,
        AutoArchive as AutoArchive,
        Because as Because,
        Forecast as Forecast,
        Wanted as Wanted,
    )
    from dicomferry.xnat.capabilities import (
        accepted_sop_classes as accepted_sop_classes,
        accepted_transfer_syntaxes as accepted_transfer_syntaxes,
    )
    from dicomferry.xnat.filing.archiving import (
        QUIET_PERIOD as QUIET_PERIOD,
        is_unassigned as is_unassigned,
        lacks_subject as lacks_subject,
    )
    from dicomferry.xnat.filing.conflicts import (
        Conflict as Conflict,
        Merge as Merge,
        SessionFacts as SessionFacts,
        session_conflict as session_conflict,
    )
    from dicomferry.xnat.filing.first_session import (
        FirstSessions as FirstSessions,
        ForecastArrival as ForecastArrival,
    )
    from dicomferry.xnat.filing.keys import (
        ArchiveKey as ArchiveKey,
        PrearchiveKey as PrearchiveKey,
        archive_key as archive_key,
        prearchive_key as prearchive_key,
        subject_key as subject_key,
    )
    from dicomferry.xnat.filing.merging import (
        merged_scan_ids as merged_scan_ids,
        number_conflict as number_conflict,
    )
    from dicomferry.xnat.filing.scans import (
        scan_ids as scan_ids,
        scan_type as scan_type,
        session_modality as session_modality,
        session_type as session_type,
        uid_hash as uid_hash,
    )
    from dicomferry.xnat.labels import (
        UNASSIGNED as UNASSIGNED,
        to_label as to_label,
    )
    from dicomferry.xnat.naming.classic import refused_without_uids as refused_without_uids
    from dicomferry.xnat.naming.identifiers import (
        ClassicIdentifier as ClassicIdentifier,
        DqrIdentifier as DqrIdentifier,
    )
    from dicomferry.xnat.naming.import_parameters import ImportParameters as ImportParameters
    from dicomferry.xnat.naming.options import (
        Identification as Identification,
        identification_faults as identification_faults,
    )
    from dicomferry.xnat.reading.generation import Generation as Generation
    from dicomferry.xnat.reading.reader import Reader as Reader, reader_of as reader_of
    from dicomferry.xnat.routing.java_regex import java_pattern as java_pattern
    from dicomferry.xnat.scripts.default import DEFAULT_SCRIPT as DEFAULT_SCRIPT
    from dicomferry.xnat.scripts.parsing import read_script as read_script
    from dicomferry.xnat.scripts.running import names_of as names_of, run_script as run_script
    from dicomferry.xnat.scripts.statements import Script as Script
    from dicomferry.xnat.writing import LabelsIn as LabelsIn, write_labels as write_labels
else:
    __all__, __getattr__, __dir__ = lazily(__name__, {
        "contract.identifier": ("Identifier",),
        "model": ("AutoArchive", "Because", "Forecast", "LEVELS", "Wanted"),
        "xnat.capabilities": ("accepted_sop_classes", "accepted_transfer_syntaxes"),
        "xnat.filing.archiving": ("QUIET_PERIOD", "is_unassigned", "lacks_subject"),
        "xnat.filing.conflicts": ("Conflict", "Merge", "SessionFacts", "session_conflict"),
        "xnat.filing.first_session": ("FirstSessions", "ForecastArrival"),
        "xnat.filing.keys": (
            "ArchiveKey", "PrearchiveKey", "archive_key", "prearchive_key", "subject_key",
        ),
        "xnat.filing.merging": ("merged_scan_ids", "number_conflict"),
        "xnat.filing.scans": (
            "scan_ids", "scan_type", "session_modality", "session_type", "uid_hash",
        ),
        "xnat.labels": ("UNASSIGNED", "to_label"),
        "xnat.naming.classic": ("refused_without_uids",),
        "xnat.naming.identifiers": ("ClassicIdentifier", "DqrIdentifier"),
        "xnat.naming.import_parameters": ("ImportParameters",),
        "xnat.naming.options": ("Identification", "identification_faults"),
        "xnat.reading.generation": ("Generation",),
        "xnat.reading.reader": ("Reader", "reader_of"),
        "xnat.routing.java_regex": ("java_pattern",),
        "xnat.scripts.default": ("DEFAULT_SCRIPT",),
        "xnat.scripts.parsing": ("read_script",),
        "xnat.scripts.running": ("names_of", "run_script"),
        "xnat.scripts.statements": ("Script",),
        "xnat.writing": ("LabelsIn", "write_labels"),
    })  # fmt: skip

"""What dicomferry knows of XNAT: how it names, files and refuses, and how to talk to it.

* `naming`: an *identifier* makes a *forecast* of a header: the project, the subject label and the
  session label that XNAT will take, and the rule that decided each.
* `routing`: the *rules* that a site writes for its identifier, with Java's regular expressions.
* `filing`: a *session* in the *prearchive* and in the *archive*: what tells two apart, when one is
  archived, what is a *conflict*, and what its *scans* are called.
* `receiver`: the *stand-in*, which receives as an XNAT would. It is not an XNAT.
* `rest`: the client that asks an XNAT, or the stand-in, over REST.
* `writing`: the *edits* by which an identifier reads the labels that are asked for.
* `labels` and `capabilities`: the texts of labels, and the SOP classes that XNAT accepts.

`receiver` uses `naming`, which uses `filing` and `routing`; all may use `labels`. Modules above
`xnat` ask `filing` and `naming` for a rule of XNAT's and do not state it once more. The vectors
under `tests/core/xnat` share no code with any of this.

Plug-ins see the names of `__all__`, each imported when it is first asked for.
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
    from dicomferry.xnat.labels import to_label as to_label
    from dicomferry.xnat.naming.identifiers import (
        ClassicIdentifier as ClassicIdentifier,
        DqrIdentifier as DqrIdentifier,
    )
    from dicomferry.xnat.naming.options import (
        Identification as Identification,
        identification_faults as identification_faults,
    )
    from dicomferry.xnat.writing import LabelsIn as LabelsIn, write_labels as write_labels
else:
    __all__, __getattr__, __dir__ = lazily(__name__, {
        "contract.identifier": ("Identifier",),
        "model": ("AutoArchive", "Because", "Forecast", "LEVELS", "Wanted"),
        "xnat.labels": ("to_label",),
        "xnat.naming.identifiers": ("ClassicIdentifier", "DqrIdentifier"),
        "xnat.naming.options": ("Identification", "identification_faults"),
        "xnat.writing": ("LabelsIn", "write_labels"),
    })  # fmt: skip

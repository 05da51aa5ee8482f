"""The recipe, its ledger and sinks, plug-ins, and the site that receives."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dicomferry.engine.plan.problems.kinds.kind import Kind
from dicomferry.model import Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

SURROUNDINGS: Final[Mapping[str, Kind]] = MappingProxyType({
    # sinks and ledger
    "sink-takes-nothing": Kind(
        _ERROR,
        "a condition that never holds looks like work that is done",
        "check the sink's when:; where it may leave out everything, allow it",
    ),
    "refused-by-sink": Kind(
        _WARNING,
        "an instance that a sink rejects is not stored there",
        "mend the values, the sink's when: or its layout, with default() for what may be missing"
        " or empty",
    ),
    "taken-by-no-sink": Kind(
        _WARNING,
        "an instance that every sink leaves out is stored nowhere, and the run ends with 0",
        "check the when: of the sinks, or add a sink; where it may stay behind, allow it",
    ),
    "ledger-behind": Kind(
        _WARNING,
        "what the ledger does not know of is sent again, and a receiver may hold it twice",
        "stop, and put the newest ledger back, with ledger.sqlite-wal where there is one; to send"
        " it again, move the manifests of the later runs out of the folder `manifests`",
    ),
    "state-of-another-recipe": Kind(
        _WARNING,
        "what status, verify, rows.csv and rejects.csv tell of the other recipe is gone from here;"
        " nothing that it has stored is sent again",
        "give each recipe a name: of its own, or a folder with --state; after a change of the"
        " recipe's name, nothing",
    ),
    # the site
    "site-anonymizes": Kind(
        _NOTE,
        "the site-wide script runs on every stored file, behind identification",
        "expect project and labels there; to keep the values, have the script switched off for the"
        " receiver and set anonymizes: [] under the server",
    ),
    "site-script-not-understood": Kind(
        _WARNING,
        "what becomes of the elements that these statements touch cannot be told, nor whether they"
        " drop or refuse an instance",
        "send a few sessions first and compare them with `dicomferry verify --content`",
    ),
    "site-script-changes-filing": Kind(
        _WARNING,
        "XNAT makes scans and their types of what its scripts leave; the plan forecasts them"
        " without",
        "send a few sessions first and see with `dicomferry verify` how they are filed",
    ),
    "project-not-readable": Kind(
        _ERROR,
        "what is sent to a project the receiving user cannot read ends in Unassigned",
        "create the project, mend its ID in the recipe, or get the login a role there",
    ),
    "session-exists": Kind(
        _NOTE,
        "XNAT merges what is sent into the session that is there",
        "nothing, if that is meant; otherwise choose another session label",
    ),
    "session-exists-for-another-subject": Kind(
        _ERROR,
        "XNAT answers 'Already Exists for another Subject', and it stays in the prearchive",
        "choose another session label, or move the session that is there",
    ),
    "session-exists-with-another-modality": Kind(
        _ERROR,
        "XNAT merges no other modality: 'Invalid modification of session modality via archive"
        " process.  Data may require a manual merge.'",
        "put the modality into the session label",
    ),
    "session-exists-with-another-study": Kind(
        _ERROR,
        "XNAT merges no other StudyInstanceUID: 'Invalid modification of session UID via archive"
        " process.'",
        "choose another session label, or give the instances that StudyInstanceUID",
    ),
    # plug-ins
    "plugin-check-failed": Kind(
        _ERROR,
        "a check that fails has not said that all is well",
        "tell the plug-in's author, or do without it: DICOMFERRY_BLOCK_PLUGINS names it",
    ),
    # the recipe
    "allowed-code-unknown": Kind(
        _WARNING,
        "a code that is misspelt waives nothing",
        "docs/problems.md lists the codes; what becomes of a single file cannot be allowed, but"
        " left out: by `exclude:` or `when:` of the source",
    ),
})  # fmt: skip

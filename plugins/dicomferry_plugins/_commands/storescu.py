"""Where a run of storescu or dcmsend sends files to, and which."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from dicomferry_plugins._commands.shell import Files, NotTranslated, Use, files_of

_TWO: Final = {"-xf", "--config-file", "+tls", "--enable-tls"}
_ONE: Final = {
    "-ll", "--log-level", "-lc", "--log-config", "+cl", "--compression-level", "-usr", "--user",
    "-pwd", "--password", "-kt", "--kerberos", "--saml", "--jwt", "-to", "--timeout", "-ts",
    "--socket-timeout", "-ta", "--acse-timeout", "-td", "--dimse-timeout", "-pdu", "--max-pdu",
    "--max-send-pdu", "--repeat", "+IR", "--invent-series", "+IS", "--invent-study", "+IP",
    "--invent-patient", "+pw", "--use-passwd", "+cf", "--add-cert-file", "+cd", "--add-cert-dir",
    "+crl", "--add-crl-file", "+cs", "--cipher", "+rs", "--seed", "+wf", "--write-seed-file",
    "+crf", "--create-report-file",
}  # fmt: skip
_NOTED: Final = {
    "-usr": "a user name and password are not carried over",
    "--user": "a user name and password are not carried over",
    "+tls": "write tls: under the server's dicom:",
    "--enable-tls": "write tls: under the server's dicom:",
    "+rd": "files are found in folders, not by a DICOMDIR",
    "--read-from-dicomdir": "files are found in folders, not by a DICOMDIR",
    "-rn": "",
    "+IR": "UIDs are not invented", "--invent-series": "UIDs are not invented",
    "+IS": "UIDs are not invented", "--invent-study": "UIDs are not invented",
    "+IP": "UIDs are not invented", "--invent-patient": "UIDs are not invented",
    "+II": "UIDs are not invented", "--invent-instance": "UIDs are not invented",
}  # fmt: skip
_CALLING: Final = {"storescu": "STORESCU", "dcmsend": "DCMSEND"}


class Sending(Struct):
    """One run: the receiver, and the files that go to it."""

    line: int
    host: str
    port: str
    called: str = "ANY-SCP"
    calling: str = ""
    files: tuple[Files, ...] = ()
    faults: list[NotTranslated] = field(default_factory=list)


def read_sending(use: Use) -> Sending:
    """Return where a run sends to; without a receiver it has no host, and a fault that says so."""
    found = Sending(use.line, "", "", calling=_CALLING[use.tool])
    operands: list[str] = []
    pattern, recurse, folders = "*", False, False
    words = iter(use.words)
    for word in words:
        if why := _NOTED.get(word):
            found.faults.append(NotTranslated(use.line, f"{use.tool} {word}", why))
        if word in ("-aec", "--call"):
            found.called = next(words, "")
        elif word in ("-aet", "--aetitle"):
            found.calling = next(words, "")
        elif word in ("+sp", "--scan-pattern"):
            pattern = next(words, "*")
        elif word in ("+sd", "--scan-directories"):
            folders = True
        elif word in ("+r", "--recurse"):
            recurse = True
        elif word in _ONE | _TWO:
            for _ in range(1 + (word in _TWO)):
                next(words, "")
        elif word[:1] not in ("-", "+"):
            operands.append(word)
    found.host, found.port, *paths = [*operands, "", ""][: max(2, len(operands))]
    named = files_of(tuple(paths), recurse=recurse, pattern=pattern, folders=folders)
    found.files = use.files or tuple(named)
    if not found.port:
        why = "it names no host and port"
        found.faults.append(NotTranslated(use.line, use.tool, why))
        found.host = ""
    return found

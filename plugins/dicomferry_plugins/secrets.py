"""Resolves the secrets of a recipe: `${env:NAME}`, `${file:PATH}` and `${netrc:HOST}`."""

from __future__ import annotations

import os
from pathlib import Path

from dicomferry import (
    FerryError,
    hookimpl,
)


@hookimpl
def dicomferry_secret(scheme: str, reference: str) -> str | None:
    """Return the secret of a reference; None for a scheme of another plug-in.

    Raises `FerryError`; its message holds the reference and never the secret.
    """
    match scheme:
        case "env":
            return _from_environment(reference)
        case "file":
            return _from_file(reference)
        case "netrc":
            return _from_netrc(reference)
        case _:
            return None


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        state = "is empty" if name in os.environ else "is not set"
        raise FerryError(
            f"${{env:{name}}}: the environment variable {name} {state}",
            hint=f"set {name} before starting dicomferry",
        )
    return value


def _from_file(reference: str) -> str:
    """Return a file's text without one line end, which editors and `echo` append."""
    path = Path(reference).expanduser()
    if not path.is_absolute():
        raise FerryError(
            f"${{file:{reference}}}: a secret's file needs an absolute path",
            hint="what a relative path means would depend on where dicomferry was started",
        )
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FerryError(f"${{file:{reference}}}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FerryError(f"${{file:{reference}}}: is not UTF-8 text") from None
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise FerryError(f"${{file:{reference}}}: the file is empty")
    return secret


def _from_netrc(host: str) -> str:
    """Return `login:password` for `host` from the file that `NETRC` names, or `~/.netrc`."""
    import netrc

    named = os.environ.get("NETRC")
    path = Path(named) if named else Path.home() / ".netrc"
    try:
        found = netrc.netrc(named).authenticators(host)
    except FileNotFoundError:
        raise FerryError(
            f"${{netrc:{host}}}: there is no file {path}",
            hint=f"write 'machine {host} login NAME password SECRET' into it",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise FerryError(f"${{netrc:{host}}}: {path} cannot be read: {reason}") from None
    except netrc.NetrcParseError as error:
        # The parser's message quotes the faulty word, which may be the password.
        raise FerryError(
            f"${{netrc:{host}}}: {path} is refused at line {error.lineno}",
            hint="check its syntax, and that only its owner can read it (chmod 600)",
        ) from None
    if found is None:
        raise FerryError(
            f"${{netrc:{host}}}: {path} has no entry for {host}",
            hint=f"write 'machine {host} login NAME password SECRET' into it",
        )
    login, _, password = found
    return f"{login}:{password}"

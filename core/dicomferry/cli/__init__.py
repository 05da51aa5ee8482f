"""The command line: one module for each verb, loaded when it is used.

* A *verb* is what a user calls, as `run` in `dicomferry run`: a click command named `command` in a
  module of this package, or one that a plug-in brings (`dicomferry_verbs`).
* A verb only parses options and prints: what it does is a method of `Ferry` (`ferry.py`).
* `options/` has the options that several verbs share, and the way to an open `Ferry`.
* `views/` has how answers look in a terminal.
* The *exit code* is the integer that a verb returns; a `FerryError` carries its own.

Nothing imports this package but `dicomferry.options`, for the verbs of plug-ins.
"""

from __future__ import annotations

import gc
import importlib
import io
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import click

from dicomferry.cli.views.output import output_shown
from dicomferry.errors import FerryError, OverLimitError, StoppedError

if TYPE_CHECKING:
    from dicomferry.host import OfferedVerb

_BUG: Final = 70
_NEW_OBJECTS: Final = 20_000
"""New objects after which the garbage collector looks at them."""

VERBS: Final[Mapping[str, str]] = {
    "diff": "Show how two recipes differ in effect, tag by tag.",
    "explain": "Show a recipe as it takes effect, and where each value comes from.",
    "doctor": "Ask the servers of a recipe whether they are as it says.",
    "forecast": "Say what XNAT would call these files.",
    "lock": "Write what a run is made of into a file to be reviewed.",
    "init": "Write a recipe to start from.",
    "migrate": "Rewrite a recipe of an older format in the format of today.",
    "plan": "Show what a run would do, and what XNAT will call it; send nothing.",
    "plugins": "Show the installed plug-ins and what they offer.",
    "rehearse": "Run a recipe against a stand-in XNAT.",
    "replay": "Do a run again elsewhere and prove that every byte is the same.",
    "run": "Do what the plan says; run again to go on after a stop.",
    "schema": "Print the JSON Schema of recipes for the installed plug-ins.",
    "status": "Show what the ledger knows of every instance, and why.",
    "test": "Try a recipe on its own tests; no data are needed.",
    "validate": "Check a recipe without touching any data.",
    "verify": "Ask XNAT what it holds of a plan, instance by instance.",
}


# ruff: noqa: ARG002  click calls these methods with its own arguments


class _Verbs(click.Group):
    """Loads a verb's module only when the verb is used: `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            offered = _offered().get(cmd_name)
            return offered.command if offered is not None else None
        module = importlib.import_module(f"dicomferry.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        if args and args[0] not in VERBS and not args[0].startswith("-"):
            known = _offered()
            if args[0] in known:
                return super().resolve_command(ctx, args)
            near = get_close_matches(args[0], [*VERBS, *known], 1)
            hint = f" (did you mean '{near[0]}'?)" if near else ""
            ctx.fail(f"there is no verb '{args[0]}'{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))
            formatter.write_text(
                "Plug-ins bring more, the built-in ones too: `receiver` runs the stand-in XNAT on"
                " its own. `dicomferry plugins` lists them."
            )


def _offered() -> Mapping[str, OfferedVerb]:
    """Return the verbs that plug-ins bring; only now are plug-ins imported."""
    from dicomferry.cli.options.common import find_plugins

    return find_plugins().verbs(VERBS)


@click.group(
    cls=_Verbs,
    subcommand_metavar="VERB [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 everything is stored or was excluded on purpose; 1 something failed, was"
    " rejected or could not be looked into; 2 there is something you can mend (recipe, files,"
    " credentials); 70 a bug.",
)
@click.version_option(package_name="dicomferry")
def cli() -> None:
    """Carry legacy DICOM into XNAT, correctly named, by recipes."""


def main() -> None:
    """Run the command line and exit. A user's mistake is printed as a line, not as a traceback."""
    # Start-up makes many objects, and nearly all of them stay. By default the garbage collector
    # walks them after every 700 new ones, which takes a tenth of the start-up.
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
    for stream in (sys.stdout, sys.stderr):
        # A terminal's encoding need not have every character of a name: it is escaped then.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run())


def _run() -> int:
    try:
        code = _called()
    except FerryError as error:
        return _told(error)
    except (OverLimitError, StoppedError) as stopped:
        _complain(str(stopped))
        return stopped.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        _complain("stopped")
        return 1
    except Exception as error:  # noqa: BLE001  the last resort: a bug becomes a log file
        from dicomferry.cli.machine import trouble_of

        trouble = trouble_of(error)
        return _bug(error) if trouble is None else _told(trouble)
    return code if isinstance(code, int) else 0


def _called() -> object:
    """Carry out the verb; raises `FerryError` where its output could not be shown to its end."""
    with output_shown():
        code: object = cli.main(standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    return code


def _told(error: FerryError) -> int:
    _complain(str(error))
    for hint in _hints(error):
        _complain(f"hint: {hint}")
    return error.exit_code


def _complain(line: str) -> None:
    with suppress(OSError):  # standard error may be on a full disk, too
        click.echo(line, err=True)


def _hints(error: FerryError) -> list[str]:
    from dicomferry.cli.options.common import find_plugins

    try:
        return find_plugins().error_hints(error)
    except FerryError:
        return []


def _bug(error: Exception) -> int:
    import tempfile
    import traceback
    from pathlib import Path

    kind = type(error).__name__
    frames = "".join(traceback.format_tb(error.__traceback__))
    try:
        handle, name = tempfile.mkstemp(prefix="dicomferry-bug-", suffix=".log")
        with open(handle, "w", encoding="utf-8") as log:  # noqa: PTH123  a file descriptor
            log.write(f"{kind}\n{frames}")
    except OSError:
        _complain(f"this is a bug in dicomferry ({kind}). Please send these lines:\n{frames}")
        return _BUG
    _complain(
        f"this is a bug in dicomferry ({kind}). Please send the file {Path(name)}:"
        " it says where it happened and holds nothing of a patient."
    )
    return _BUG

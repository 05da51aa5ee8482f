"""What a script runs on which files: `find`, `xargs` and loops taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from dicomferry_plugins._commands.words import CLOSE, OPEN, ShellCommand

TOOLS: Final = ("dcmodify", "storescu", "dcmsend")
_IGNORED: Final = frozenset({
    "cd", "chmod", "cp", "date", "do", "done", "echo", "else", "exit", "export", "fi", "ls",
    "mkdir", "module", "pwd", "rm", "set", "sleep", "source", "then", "time", "true", "unset",
})  # fmt: skip
_WILD: Final = frozenset("*?[")
_HARMLESS: Final = frozenset({"-print", "-print0", "-L", "-H", "-P", "-follow", "-noleaf"})


class Files(Struct, frozen=True):
    """The files below a folder that the patterns include."""

    folder: str
    include: tuple[str, ...] = ("**/*",)


class Use(Struct, frozen=True):
    """One tool run on files; `words` without the program and the files found for it."""

    line: int
    tool: str
    words: tuple[str, ...]
    files: tuple[Files, ...]


class NotTranslated(Struct, frozen=True):
    """What a recipe was not made of, and why."""

    line: int
    what: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}: {self.why}"


class Script(Struct):
    """The uses of the tools in a script, and what was not understood."""

    uses: list[Use] = field(default_factory=list)
    faults: list[NotTranslated] = field(default_factory=list)


def read_script(commands: Iterator[ShellCommand]) -> Script:
    """Return what the commands do with DICOM files."""
    reader = _ShellReader()
    for command in commands:
        reader.read(command)
    return reader.script


class _ShellReader:
    def __init__(self) -> None:
        self.script = Script()
        self._found: tuple[Files, ...] = ()
        self._loops: dict[str, tuple[Files, ...]] = {}

    def read(self, command: ShellCommand) -> None:
        words = command.words
        while words and words[0] in ("do", "then", "sudo", "time", "nohup"):
            words = words[1:]
        program = PurePosixPath(words[0]).name if words else ""
        if program == "find":
            self._find(replace(command, words=words))
        elif program == "xargs" and command.piped:
            self._xargs(command, words)
        elif program == "for" and words[2:3] == ("in",):
            self._loops[words[1].lower()] = self._looped(command.line, words[3:])
        elif program == "while" and "read" in words and command.piped:
            self._loops[words[-1].lower()] = self._found
        elif program in TOOLS:
            self._use(command.line, words, None)
        elif program and program not in _IGNORED:
            why = "dicomferry does not know what this command does"
            self._fault(command.line, " ".join(words)[:60], why)

    def _looped(self, line: int, words: tuple[str, ...]) -> tuple[Files, ...]:
        """Return the files a loop goes through: named, or found by a command in its place."""
        if not words or words[0] not in ("$(find", "`find"):
            return tuple(files_of(words, recurse=False))
        inner = tuple(word for word in (*words[1:-1], words[-1].rstrip(")`")) if word)
        self._find(ShellCommand(line, ("find", *inner)))
        return self._found

    def _find(self, command: ShellCommand) -> None:
        folders, tests = _split(command.words[1:])
        names: list[str] = []
        recursive = True
        position = 0
        while position < len(tests):
            word, value = tests[position], (tests[position + 1 :] or ("",))[0]
            position += 2
            if word in ("-name", "-iname"):
                names.append(_any_case(value) if word == "-iname" else value)
            elif word == "-maxdepth" and value == "1":
                recursive = False
            elif word in ("-exec", "-execdir"):
                self._found = _below(folders, names, recursive=recursive)
                self._exec(command.line, tests[position - 1 :])
                return
            elif word in _HARMLESS or word in ("-o", "-or", "(", ")"):
                position -= 1
            elif (word, value) != ("-type", "f"):
                self._fault(command.line, f"find {word} {value}", "all files are taken")
        self._found = _below(folders, names, recursive=recursive)

    def _exec(self, line: int, words: tuple[str, ...]) -> None:
        ends = [words.index(end) for end in (";", "+") if end in words]
        inner = words[: min(ends)] if ends else words
        if inner and PurePosixPath(inner[0]).name in TOOLS:
            self._use(line, inner, self._found)
        else:
            self._fault(line, " ".join(inner)[:60], "dicomferry does not know what this does")

    def _xargs(self, command: ShellCommand, words: tuple[str, ...]) -> None:
        for position, word in enumerate(words):
            if PurePosixPath(word).name in TOOLS:
                self._use(command.line, words[position:], self._found)
                return

    def _use(self, line: int, words: tuple[str, ...], found: tuple[Files, ...] | None) -> None:
        tool = PurePosixPath(words[0]).name
        loop = [name for name in self._loops if any(_variable(name) in word for word in words)]
        kept = tuple(
            word
            for word in words[1:]
            if word != "{}" and not any(word == _variable(name) for name in loop)
        )
        files = found or tuple(one for name in loop for one in self._loops[name])
        self.script.uses.append(Use(line, tool, kept, files))

    def _fault(self, line: int, what: str, why: str) -> None:
        self.script.faults.append(NotTranslated(line, what, why))


def _variable(name: str) -> str:
    return f"{OPEN}{name}{CLOSE}"


def _split(words: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
    """Return the folders that find begins at, and its tests and actions."""
    words = tuple(word for word in words if word not in ("-L", "-H", "-P"))
    first = next((i for i, word in enumerate(words) if word[:1] in ("-", "(", "!")), len(words))
    return list(words[:first]) or ["."], words[first:]


def _below(folders: list[str], names: list[str], *, recursive: bool) -> tuple[Files, ...]:
    prefix = "**/" if recursive else ""
    include = tuple(prefix + name for name in names) or (f"{prefix}*",)
    return tuple(Files(folder, include) for folder in folders)


def _any_case(pattern: str) -> str:
    return "".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in pattern)


def files_of(
    operands: tuple[str, ...], *, recurse: bool, pattern: str = "*", folders: bool = False
) -> Iterator[Files]:
    """Yield the files that operands name; `folders` when folders are scanned, for `pattern`."""
    for operand in operands:
        path = PurePosixPath(operand)
        wild = [i for i, part in enumerate(path.parts) if _WILD & set(part)]
        if wild:
            base = PurePosixPath(*path.parts[: wild[0]])
            yield Files(str(base), (str(PurePosixPath(*path.parts[wild[0] :])),))
        elif not path.suffix and (folders or str(path.parent) == "/"):
            # Nobody keeps DICOM files in the root folder: it is a folder that is meant.
            yield Files(operand, (f"**/{pattern}" if recurse else pattern,))
        else:
            yield Files(str(path.parent), (path.name,))

"""Templates and conditions: Jinja expressions over one instance's header.

Names: DICOM keywords, `tag('0019,1010')`, `params.*`, `path.*`, `row.*`, and `project`, `subject`
and `session` where the caller knows them. A header's values are data and never templates. A missing
name is an error, unless `default('')` follows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from dicomferry.errors import TemplateError

if TYPE_CHECKING:
    from dicomferry.dicom.header import Header
    from dicomferry.template.program import Program
    from dicomferry.template.sandbox import Sandbox

MAX_SOURCE: Final = 16_384
"""The longest template, in characters."""

MAX_RESULT: Final = 65_536
"""The longest rendered text, in characters."""

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


class Template:
    """A text with `{{ … }}` in it, compiled; made by `Templates.template`. Can be pickled."""

    __slots__ = ("_program", "_templates", "source")

    def __init__(self, source: str, program: Program, templates: Templates) -> None:
        self.source = source
        self._program = program
        self._templates = templates

    @property
    def names(self) -> frozenset[str]:
        """The names the template mentions: keywords, `params`, `path`, `row`, `tag`, …"""
        return self._program.names

    def render(self, header: Header, extra: Mapping[str, object] = _NOTHING) -> str:
        """Return the text for one instance.

        `extra` adds names, such as `session`. Raises `TemplateError` for a missing name, and for a
        result longer than `MAX_RESULT` characters.
        """
        result = self._program.run(header, self._templates.params, extra)
        text = str(result)
        if len(text) > MAX_RESULT:
            raise TemplateError(f"a template's result is longer than {MAX_RESULT} characters")
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        return Templates.template, (self._templates, self.source)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Template({self.source!r})"


class Condition:
    """An expression as in `when:`, compiled; made by `Templates.condition`. Can be pickled."""

    __slots__ = ("_program", "_templates", "source")

    def __init__(self, source: str, program: Program, templates: Templates) -> None:
        self.source = source
        self._program = program
        self._templates = templates

    @property
    def names(self) -> frozenset[str]:
        """The names the condition mentions."""
        return self._program.names

    def holds(self, header: Header, extra: Mapping[str, object] = _NOTHING) -> bool:
        """Return whether the condition is true for one instance.

        Raises `TemplateError` when it needs a name that is missing.
        """
        return bool(self._program.run(header, self._templates.params, extra))

    def __reduce__(self) -> tuple[Any, ...]:
        return Templates.condition, (self._templates, self.source)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Condition({self.source!r})"


class Templates:
    """Compiles templates and conditions that share one set of `params`."""

    __slots__ = ("_sandbox", "params")

    def __init__(self, params: Mapping[str, object]) -> None:
        self.params: Mapping[str, object] = MappingProxyType(dict(params))
        self._sandbox: Sandbox | None = None

    def template(self, text: str) -> Template:
        """Compile a template; raises `ValueError` for bad syntax and for unknown names."""
        _check_length(text)
        return Template(text, self._compiler().template(text), self)

    def condition(self, text: str) -> Condition:
        """Compile a condition; raises `ValueError` for bad syntax and for unknown names."""
        _check_length(text)
        return Condition(text, self._compiler().condition(text), self)

    def static(self, text: str) -> str | None:
        """Render a template that reads `params` only; return None for any other.

        Raises `ValueError` as `template` does.
        """
        _check_length(text)
        program = self._compiler().template(text)
        if program.names - {"params"}:
            return None
        try:
            return str(program.run(None, self.params, _NOTHING))
        except TemplateError as error:
            raise ValueError(error.message) from error

    def _compiler(self) -> Sandbox:
        if self._sandbox is None:
            # Jinja takes 60 ms to import, so only the first compilation imports it.
            from dicomferry.template.sandbox import Sandbox

            self._sandbox = Sandbox(self.params)
        return self._sandbox

    def __reduce__(self) -> tuple[Any, ...]:
        return Templates, (dict(self.params),)


def _check_length(text: str) -> None:
    if len(text) > MAX_SOURCE:
        raise ValueError(f"a template is limited to {MAX_SOURCE} characters")

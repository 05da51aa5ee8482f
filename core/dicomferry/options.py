"""The public API for options: types for a component's, and what a verb is made with.

The types are for fields of an options Struct: each validates a value of a recipe, and tells the
JSON Schema and editors what is expected. `with_ferry`, `with_recipe` and `format_option` decorate
click commands, and `say` prints lines whose text may come from a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dicomferry.lazily import lazily

if TYPE_CHECKING:
    from dicomferry.cli.options.common import format_option
    from dicomferry.cli.options.with_ferry import with_ferry, with_recipe
    from dicomferry.cli.views.text import say
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
    from dicomferry.recipe.servers import PacsServer, XnatDicom, XnatServer, hours_faults
    from dicomferry.recipe.yaml.rewriting import written

HOMES: Final = {
    "cli.options.common": ("format_option",),
    "cli.options.with_ferry": ("with_ferry", "with_recipe"),
    "cli.views.text": ("say",),
    "recipe.annotations": (
        "AETitle",
        "Attribute",
        "AttributePattern",
        "Port",
        "Regex",
        "Seconds",
        "Secret",
        "ServerName",
    ),
    "recipe.servers": ("PacsServer", "XnatDicom", "XnatServer", "hours_faults"),
    "recipe.yaml.rewriting": ("written",),
}

__all__ = [
    "AETitle",
    "Attribute",
    "AttributePattern",
    "PacsServer",
    "Port",
    "Regex",
    "Seconds",
    "Secret",
    "ServerName",
    "XnatDicom",
    "XnatServer",
    "format_option",
    "hours_faults",
    "say",
    "with_ferry",
    "with_recipe",
    "written",
]

__getattr__, __dir__ = lazily(__name__, HOMES)

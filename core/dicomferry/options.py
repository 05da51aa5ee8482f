"""The public API for options: types of a component's options, and decorators of verbs.

The types are for fields of an options Struct: each validates a value of a recipe, and tells the
JSON Schema and editors what is expected. `with_ferry`, `with_recipe` and `format_option` decorate
click commands, and `say` prints lines whose text may come from a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.lazily import lazily

if TYPE_CHECKING:
    from dicomferry.cli.options.common import format_option as format_option
    from dicomferry.cli.options.with_ferry import (
        with_ferry as with_ferry,
        with_recipe as with_recipe,
    )
    from dicomferry.cli.views.text import say as say
    from dicomferry.recipe.annotations import (
        AETitle as AETitle,
        Attribute as Attribute,
        AttributePattern as AttributePattern,
        Host as Host,
        Port as Port,
        Regex as Regex,
        Seconds as Seconds,
        Secret as Secret,
        ServerName as ServerName,
    )
    from dicomferry.recipe.servers import (
        DeclaredTls as DeclaredTls,
        XnatDicom as XnatDicom,
        XnatServer as XnatServer,
        hours_faults as hours_faults,
    )
    from dicomferry.recipe.yaml.rewriting import written as written
else:
    __all__, __getattr__, __dir__ = lazily(__name__, {
        "cli.options.common": ("format_option",),
        "cli.options.with_ferry": ("with_ferry", "with_recipe"),
        "cli.views.text": ("say",),
        "recipe.annotations": (
            "AETitle", "Attribute", "AttributePattern", "Host", "Port", "Regex", "Seconds",
            "Secret", "ServerName",
        ),
        "recipe.servers": ("DeclaredTls", "XnatDicom", "XnatServer", "hours_faults"),
        "recipe.yaml.rewriting": ("written",),
    })  # fmt: skip

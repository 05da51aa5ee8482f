"""The public API for options: types of a component's options, and decorators of verbs.

The types are for fields of an options Struct: each validates a value of a recipe, and tells the
JSON Schema and editors what is expected. `with_ferry`, `with_recipe`, `format_option` and
`fault_option` decorate click commands; `identified_by` and `seconds` read what options say. `say`
prints lines whose text may come from a file, such as those of `format_tree`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomferry.lazily import lazily

if TYPE_CHECKING:
    from dicomferry.cli.options.common import format_option as format_option
    from dicomferry.cli.options.duration import seconds as seconds
    from dicomferry.cli.options.fault_option import fault_option as fault_option
    from dicomferry.cli.options.identified import identified_by as identified_by
    from dicomferry.cli.options.with_ferry import (
        with_ferry as with_ferry,
        with_recipe as with_recipe,
    )
    from dicomferry.cli.views.text import say as say
    from dicomferry.cli.views.tree_view import format_tree as format_tree
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
        "cli.options.duration": ("seconds",),
        "cli.options.fault_option": ("fault_option",),
        "cli.options.identified": ("identified_by",),
        "cli.options.with_ferry": ("with_ferry", "with_recipe"),
        "cli.views.text": ("say",),
        "cli.views.tree_view": ("format_tree",),
        "recipe.annotations": (
            "AETitle", "Attribute", "AttributePattern", "Host", "Port", "Regex", "Seconds",
            "Secret", "ServerName",
        ),
        "recipe.servers": ("DeclaredTls", "XnatDicom", "XnatServer", "hours_faults"),
        "recipe.yaml.rewriting": ("written",),
    })  # fmt: skip

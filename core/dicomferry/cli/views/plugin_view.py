"""TODO."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dicomferry.cli.views.text import columns
from dicomferry.host import Offer, Plugin, Plugins


def _offered(plugin: Plugin, plugins: Plugins) -> str:
    names = [f"{o.kind} {o.component.name}" for o in plugins.offers if o.plugin == plugin.name]
    return ", ".join(names)


def _json(plugin: Plugin, plugins: Plugins) -> dict[str, object]:
    return {
        "name": plugin.name,
        "module": plugin.module,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "state": str(plugin.state),
        "reason": plugin.reason,
        "components": [
            {"kind": o.kind, "name": o.component.name}
            for o in plugins.offers
            if o.plugin == plugin.name
        ],
    }


def _offer_json(offer: Offer) -> dict[str, object]:
    from dicomferry.recipe.schema import component_schema

    return {
        "kind": offer.kind,
        "name": offer.component.name,
        "plugin": offer.plugin,
        "summary": offer.component.summary,
        "schema": component_schema(offer.component),
    }


def _offer_lines(offer: Offer) -> Iterator[str]:
    from dicomferry.recipe.schema import component_schema

    yield f"{offer.kind} {offer.component.name} (from {offer.plugin}): {offer.component.summary}"
    whole = component_schema(offer.component)
    schema = whole["$defs"][whole["$ref"].removeprefix("#/$defs/")]
    required = schema.get("required", [])
    rows = [
        [
            name,
            "required" if name in required else f"default {json.dumps(field.get('default'))}",
            str(field.get("description", "")),
        ]
        for name, field in schema.get("properties", {}).items()
    ]
    yield from columns(rows)

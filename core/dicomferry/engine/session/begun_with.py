"""The params that a ledger was begun with: other values of some of them change nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from dicomferry.engine.provenance.manifest import last_manifest, read_head
from dicomferry.errors import FerryError
from dicomferry.ledger import Ledger
from dicomferry.recipe.secrets import sounds_secret

_NOTED: Final = "params"


def begun_with(ledger: Ledger, params: Mapping[str, str]) -> Mapping[str, str]:
    """Return the params by which a ledger knows what it has sent; `params` are those of now.

    A ledger that has noted none yet, as those of earlier versions, takes the params of its last
    run. Values that may be secrets are not noted.
    """
    noted = ledger.get(_NOTED)
    if noted:
        return {str(name): str(value) for name, value in json.loads(noted).items()}
    begun = {**params, **_of_last_run(ledger)}
    begun = {name: value for name, value in begun.items() if not sounds_secret(name)}
    ledger.put(_NOTED, json.dumps(begun, sort_keys=True))
    return begun


def _of_last_run(ledger: Ledger) -> Mapping[str, str]:
    manifest = last_manifest(ledger.path.parent, ledger.last_run())
    if manifest is None:
        return {}
    try:
        params = read_head(manifest).params
    except FerryError:  # it is damaged, and the params of now do as well
        return {}
    return {name: value for name, value in params.items() if value is not None}

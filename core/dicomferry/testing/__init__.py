"""The test kit for plug-ins: made instances, servers on free ports, and contracts.

- Stage: a source, transform or sink; `build_stage` makes one, or an identifier, from options.
- Contract: the promises of stages, identifiers and executors; a `check_…` function tests them.
- ContractError: the error of a broken promise; the message says which.
- Pacs: a small PACS over a folder.
- Receiver: the stand-in XNAT, made by `open_receiver`.
- Fixture: one of these for pytest.

Load the fixtures with `-p dicomferry.testing` (for example in `addopts`), or with
`pytest_plugins = ["dicomferry.testing"]` in the topmost `conftest.py`. The functions here need no
pytest. Only tests import this package; it may import all others but `cli`. PYTEST_DONT_REWRITE
"""

from dicomferry.testing.building import build_stage
from dicomferry.testing.contract import ContractError
from dicomferry.testing.executors import check_executor
from dicomferry.testing.fetchers import check_fetcher
from dicomferry.testing.identifiers import check_identifier
from dicomferry.testing.instances import header_of, instance_bytes
from dicomferry.testing.pacs import Pacs
from dicomferry.testing.receiver import open_receiver
from dicomferry.testing.sinks import check_sink
from dicomferry.testing.sources import check_source
from dicomferry.testing.transforms import check_transform

__all__ = [
    "ContractError",
    "Pacs",
    "build_stage",
    "check_executor",
    "check_fetcher",
    "check_identifier",
    "check_sink",
    "check_source",
    "check_transform",
    "header_of",
    "instance_bytes",
    "open_receiver",
]

# pytest reads this name and loads the fixtures; nothing else imports pytest.
pytest_plugins = ("dicomferry.testing.fixtures",)

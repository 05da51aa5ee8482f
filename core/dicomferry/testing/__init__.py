"""For the tests of plug-ins: made instances, servers on free ports, and the contract of each stage.

Ask pytest for the fixtures with `-p dicomferry.testing` (in `addopts`, say), or with
`pytest_plugins = ["dicomferry.testing"]` in the topmost `conftest.py`. The functions here need no
pytest. PYTEST_DONT_REWRITE
"""

from dicomferry.testing.building import build_stage
from dicomferry.testing.contract import ContractError
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

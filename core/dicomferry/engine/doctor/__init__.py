"""The doctor: it compares the servers of a recipe with what the recipe says of them.

* `Check` (`dicomferry.model`): one thing of a server that the doctor looked at, with its state.
* `Examination`: all checks of all servers (`examine.py`).
* `SiteExaminer`: reads the settings of one XNAT over REST and yields checks (`site.py`).
* `SettingDifference`: an identification rule that XNAT has otherwise than the recipe
  (`identification.py`). `write_live_rules` writes XNAT's rule into the recipe (`write.py`).

A server that is no XNAT is checked by the plug-in that offers its kind. `ferry.py`, the verb
`doctor` and the reports call this room; it changes nothing on any server.
"""

from __future__ import annotations

from dicomferry.engine.doctor.examine import diagnose, examine_servers
from dicomferry.engine.doctor.identification import SettingDifference
from dicomferry.model import Check, CheckState

__all__ = ["Check", "CheckState", "SettingDifference", "diagnose", "examine_servers"]

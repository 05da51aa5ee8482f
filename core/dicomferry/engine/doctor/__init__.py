"""The servers of a recipe, asked whether they are there and as the recipe says."""

from __future__ import annotations

from dicomferry.engine.doctor.examine import examine_servers
from dicomferry.engine.doctor.identification import SettingDifference
from dicomferry.engine.doctor.write import write_live_rules
from dicomferry.model import Check, CheckState

__all__ = ["Check", "CheckState", "SettingDifference", "examine_servers", "write_live_rules"]

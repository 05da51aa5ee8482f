"""XNAT's DQR bulk import files: what a CSV asks of a PACS, and what its rows are relabelled to."""

from dicomferry.xnat.dqr_csv.columns import REJECTED_BECAUSE
from dicomferry.xnat.dqr_csv.reading import read_dqr_csv
from dicomferry.xnat.dqr_csv.table import DqrRow, DqrTable

__all__ = ["REJECTED_BECAUSE", "DqrRow", "DqrTable", "read_dqr_csv"]

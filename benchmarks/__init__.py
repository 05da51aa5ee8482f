"""Measures dicomferry beside the tools it is meant to replace; `make bench` runs it."""

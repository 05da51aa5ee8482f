"""Reads what a shell script does to DICOM files, and writes the recipe that does the same."""

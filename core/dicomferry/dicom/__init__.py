"""DICOM itself: reading a header, editing it, and writing out only what was edited."""

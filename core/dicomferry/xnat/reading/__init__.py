"""How XNAT reads a header: its two DICOM libraries, emulated.

* A *generation* (`generation.py`) is what an XNAT is built on: dcm4che2 up to 1.9, dcm4che3 since.
* A *reader* (`reader.py`) returns the text that one generation sees in an element, and says what
  that generation refuses. `Dcm4che2` and `Dcm4che3` are the two.
* A *decoder* (`decoding.py`) turns bytes into text as Java does; `character_sets.py` has its
  names of the character sets, `code_extensions.py` the escape sequences of ISO 2022.
* *Unforeseeable* (`errors.py`) is what nobody outside of the server can know, such as the default
  character set of its JVM.

`naming`, `routing` and the stand-in ask a reader, and decode nothing themselves.
"""

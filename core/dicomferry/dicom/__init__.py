"""DICOM data sets as bytes: read a header, edit it, and write only the edits.

- Blob: bytes that are read at any offset, of a file, an archive's member or memory.
- Index: byte offsets and VR of every element; the walk makes it without decoding.
- Elements: an index, the bytes it points into, and the new elements of edits.
- Header: the elements of one instance, decoded at their first use; what a transform sees.
- Edits: the Sets and Deletes that a transform returns.
- Instance: an opened file; it returns its bytes with the edits of a header spliced in.
- Shape: the index of one file, used again for the next file that is laid out alike.

Every other package may import these modules; they import `errors` and `model` only. pydicom is
imported inside functions, where a data set is odd or a caller asks for a pydicom data set.
"""

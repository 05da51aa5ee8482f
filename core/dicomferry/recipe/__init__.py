"""The recipe language: read, check and merge YAML recipes of format version 1.

- Recipe: a valid recipe with its parameters filled in; `load` makes it.
- Step: one source, transform or sink of a recipe, with options of its component's own type.
- Components: what the plug-ins offer to a recipe; the schema is made of them.
- Params: the values of one run, given by `--set`, the environment or a default.
- Layer: a recipe that extends another; `layers` merges both into one document.
- Problem: one fault of a recipe, with its place and a hint; all are reported at once.
- Reference: `${scheme:reference}`, the place of a secret.

The engine, the CLI, the test kit, `host` and `hookspecs` import this package; plug-ins see its
types through `dicomferry`. It imports `template`, `dicom`, `contract`, `model` and `errors`.
"""

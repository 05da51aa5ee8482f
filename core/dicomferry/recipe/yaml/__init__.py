"""YAML as recipes use it: read with places, checked against limits, and changed in place.

- Document: a file and its root node.
- Node: a mapping, list or scalar with its line and column, and its text in the file.
- NodePath: the keys and positions that lead to a node; `path_text` writes it for people.
- Scalar: a value of YAML's core schema.
- YamlText: the text of a file, whose single values can be replaced, and whose keys renamed.
- Span: start and end of a node's text.

The recipe modules and the verbs that write recipes (`init`, `migrate`, `test --update`, `doctor
--write`) import this package; it imports `errors` and `model` only. ruamel.yaml is imported inside
functions.
"""

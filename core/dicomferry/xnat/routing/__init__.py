"""XNAT's custom routing rules, with Java's regular expressions on Python's `re`.

- Rule: one line of routing; it extracts a text from one element of a header.
- RuleChain: the rules of one level (project, subject, session) in order, or their error.
- JavaPattern: a compiled Java pattern; it matches and replaces as Java does.
- Translator: turns the text of a Java pattern into a Python pattern.
- RuleError, JavaSyntaxError: XNAT or Java refuses the rule, too.
- UnforeseeableError: Java takes the pattern, but Python cannot forecast its result.

`xnat.naming`, the stand-in's series filter and the engine's `doctor` import this package. It
imports `dicom` and `xnat.labels`.
"""

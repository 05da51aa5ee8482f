"""Templates and conditions: Jinja expressions over one instance's header.

- Template: a text with `{{ … }}`, compiled; it is rendered for one instance.
- Condition: an expression as in `when:`, compiled; it holds for an instance or does not.
- Templates: the compiler of both, for one set of `params`.
- Program: compiled code and the names that it reads.
- Sandbox: the restricted Jinja environment that compiles.

The recipe, the engine and the test kit import this package; plug-ins see `Template` and `Condition`
through `dicomferry`. It imports `dicom`, `model` and `errors`; the first compilation imports Jinja.
"""

from dicomferry.template.templates import MAX_RESULT, MAX_SOURCE, Condition, Template, Templates
from dicomferry.template.vocabulary import (
    DESTINATION_NAMES,
    check_keywords,
    suggestion,
    with_suggestion,
)

__all__ = [
    "DESTINATION_NAMES",
    "MAX_RESULT",
    "MAX_SOURCE",
    "Condition",
    "Template",
    "Templates",
    "check_keywords",
    "suggestion",
    "with_suggestion",
]

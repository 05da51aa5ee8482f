"""Templates and conditions: Jinja expressions over one instance's header.

Names: DICOM keywords, `tag('0019,1010')`, `params.*`, `path.*`, `row.*`, and `project`, `subject`
and `session` where the caller knows them. What a header holds is data and never a template. A
missing name is an error; `default('')` says otherwise.
"""

from dicomferry.template.templates import MAX_RESULT, MAX_SOURCE, Condition, Template, Templates
from dicomferry.template.vocabulary import check_keywords, suggestion, with_suggestion

__all__ = [
    "MAX_RESULT",
    "MAX_SOURCE",
    "Condition",
    "Template",
    "Templates",
    "check_keywords",
    "suggestion",
    "with_suggestion",
]

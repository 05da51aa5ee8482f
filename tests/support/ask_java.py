"""Generate patterns, ask a real Java what it makes of them, and measure how many we know.

    make java-agreement                             # measure over 10,000 patterns
    python tests/support/ask_java.py --seed 3       # over others
    python tests/support/ask_java.py --record       # write java_answers.json anew

It needs a JDK (`java`, which compiles `AskJava.java` itself). The suite needs none: it reads
`java_answers.json`.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECORDED = HERE.parent / "core" / "xnat" / "routing" / "java_answers.json"
SEED, COUNT, KEPT = 17, 10_000, 400

Case = dict[str, Any]

_LITERALS = [
    "a",
    "b",
    "A",
    "B",
    "7",
    "_",
    "-",
    " ",
    "x",
    "S",
    "P2",
    r"\.",
    r"\^",
    "\u00fc",
    "&",
    "#",
]
_CLASSES = [
    r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", r"\h", r"\H", r"\v", r"\V", r"\R", r"\X", ".", ".",
    r"\p{L}", r"\p{Lu}", r"\p{Ll}", r"\pL", r"\PN", r"\p{Nd}", r"\P{L}", r"\p{IsL}", r"\p{P}",
    r"\p{Alpha}", r"\p{Upper}", r"\p{Punct}", r"\P{Digit}", r"\p{XDigit}", r"\p{Zs}", r"\p{S}",
    r"\p{IsAlphabetic}", r"\p{IsLatin}", r"\p{javaLowerCase}", r"\p{gc=Lu}", r"\p{Foo}",
    r"\p{L1}", r"\p{LC}", r"\p{ASCII}", r"\p{InGreek}", r"\p{IsLu}",
]  # fmt: skip
_ANCHORS = ["^", "$", r"\A", r"\Z", r"\z", r"\b", r"\B", r"\G"]
_ITEMS = [
    "a", "b", "z", "A", "7", "_", "-", "a-f", "A-Z", "0-9", "a-z", r"\d", r"\w", r"\s", r"\h",
    r"\p{L}", r"\p{Lu}", r"\P{L}", r"\W", r"\H", "\u00fc", r"\-", r"\]", ".", "^", " ", "&", "#",
    r"\x41", r"\V", r"\p{Alpha}", r"\QA-\E",
]  # fmt: skip
_QUANTIFIERS = ["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{1,}", "{2}{2}", "**"]
_FLAGS = ["i", "s", "m", "d", "x", "u", "iu", "U", "ix", "-i", "i-s", "is", "-x"]
_OPENINGS = ["(", "(", "(", "(?:", "(?:", "(?<n>", "(?=", "(?!", "(?>", "(?<=", "(?<!"]
_PIECES = ["a", "b", "A", "B", "7", "_", "-", " ", ".", "^", "x", "S", "P2", "ab", "aa", "Z"]
_ODD = ["\u00fc", "\u00dc", "\n", "\r\n", "\t", "\u0301", "\u212a", "\u017f", "\u0416", "\u00a0",
        "\u2028", "\U0001f600", "\u4e2d", "&", "#", "]"]  # fmt: skip
_REPLACEMENTS = ["", "x", "$0", "$1", "<$0>", "$1-$2", r"\$", "$", "$9", "a\\", "${n}"]


class Generator:
    """Makes patterns, and texts that some of them match; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def cases(self, count: int) -> Iterator[Case]:
        """Yield patterns with a text and a replacement each."""
        for _ in range(count):
            pattern = self._pattern(3)
            if self._chance(0.12):
                pattern = f"(?{self._one(_FLAGS)}){pattern}"
            yield {
                "pattern": pattern,
                "text": self._text(),
                "replacement": self._one(_REPLACEMENTS),
            }

    def _pattern(self, depth: int) -> str:
        parts = [self._part(depth) for _ in range(self._random.randint(1, 3))]
        if self._chance(0.12):
            parts.insert(self._random.randint(0, len(parts)), "|")
        return "".join(parts)

    def _part(self, depth: int) -> str:
        atom = self._atom(depth)
        if self._chance(0.4):
            atom += self._one(_QUANTIFIERS[:7] if self._chance(0.95) else _QUANTIFIERS)
            atom += self._one(["", "", "", "?", "+"])
        return atom

    def _atom(self, depth: int) -> str:
        kind = self._random.random()
        if kind < 0.28:
            return self._one(_LITERALS)
        if kind < 0.52:
            return self._one(_CLASSES)
        if kind < 0.72:
            return self._class(2)
        if kind < 0.78:
            return self._one(_ANCHORS)
        if kind < 0.80:
            return self._one(
                [r"\1", r"\2", r"\QA.b\E", r"\Q-", r"\x41", r"\u00fc", r"\t", r"\k<n>"]
            )
        if depth == 0:
            return self._one(_LITERALS)
        opening = self._one([*_OPENINGS, f"(?{self._one(_FLAGS)}:"])
        return f"{opening}{self._pattern(depth - 1)})"

    def _class(self, depth: int) -> str:
        parts = [self._one(_ITEMS) for _ in range(self._random.randint(1, 3))]
        if depth and self._chance(0.2):
            parts.append(self._class(depth - 1))
        if depth and self._chance(0.25):
            parts += ["&&", self._class(depth - 1) if self._chance(0.7) else self._one(_ITEMS)]
        return f"[{'^' if self._chance(0.25) else ''}{''.join(parts)}]"

    def _text(self) -> str:
        pieces = [*_PIECES, *(_ODD if self._chance(0.3) else ())]
        return "".join(self._one(pieces) for _ in range(self._random.randint(0, 5)))

    def _one(self, choices: list[str]) -> str:
        return self._random.choice(choices)

    def _chance(self, share: float) -> bool:
        return self._random.random() < share


def ask_java(cases: list[Case]) -> list[Case]:
    """Return the cases with Java's answers in them."""
    keys = ("pattern", "text", "replacement")
    asked = "\n".join("\t".join(_hex(case[key]) for key in keys) for case in cases) + "\n"
    told = subprocess.run(
        ["java", str(HERE / "AskJava.java")],
        input=asked, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [case | {"java": _answer(line)} for case, line in zip(cases, told, strict=True)]


def _answer(line: str) -> Any:
    if line in ("refused", "broken"):
        return line
    groups, replaced = line.split("\t")
    return {
        "groups": None if groups == "none" else [_group(one) for one in groups.split(",")],
        "replaced": None if replaced == "error" else _text_of(replaced),
    }


def _group(told: str) -> str | None:
    return None if told == "-" else _text_of(told)


def _hex(text: str) -> str:
    return text.encode("utf-16-be", "surrogatepass").hex()


def _text_of(told: str) -> str:
    return bytes.fromhex(told).decode("utf-16-be", "surrogatepass")


def compare(case: Case) -> str:
    """Return how our answer is beside Java's: `same`, `unknown`, or in what it is `wrong`."""
    from dicomferry.xnat.reading.errors import UnforeseeableError
    from dicomferry.xnat.routing.java_errors import JavaSyntaxError
    from dicomferry.xnat.routing.java_regex import java_pattern

    java = case["java"]
    try:
        pattern = java_pattern(case["pattern"])
    except UnforeseeableError:
        return "unknown"
    except JavaSyntaxError:
        return "same" if java == "refused" else "wrong: refused"
    if java in ("refused", "broken"):
        return "wrong: taken"
    try:
        match = pattern.matches(case["text"])
    except UnforeseeableError:
        return "unknown"
    if (None if match is None else [match[0], *match.groups()]) != java["groups"]:
        return "wrong: groups"
    try:
        replaced = pattern.replace_all(case["text"], case["replacement"])
    except UnforeseeableError:
        return "unknown"
    except JavaSyntaxError:
        replaced = None
    return "same" if replaced == java["replaced"] else "wrong: replaced"


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--show", type=int, default=10, help="disagreements to show")
    parser.add_argument("--unknown", action="store_true", help="show what is unknown, too")
    parser.add_argument("--record", action="store_true", help=f"write {RECORDED.name}")
    asked = parser.parse_args()
    cases = ask_java(list(Generator(asked.seed).cases(asked.count)))
    if asked.record:
        rows = ",\n".join(json.dumps(case) for case in cases[:KEPT])
        RECORDED.write_text(f"[\n{rows}\n]\n")
    answers = [(compare(case), case) for case in cases]
    for what, number in Counter(answer.partition(":")[0] for answer, _ in answers).most_common():
        print(f"{what:8} {number:6,}  {number / len(cases):.1%}")
    shown = [
        one
        for one in answers
        if one[0].startswith("wrong") or (asked.unknown and one[0] == "unknown")
    ]
    for answer, case in shown[: asked.show]:
        print(answer, json.dumps(case))
    sys.exit(any(answer.startswith("wrong") for answer, _ in answers))


if __name__ == "__main__":
    _main()

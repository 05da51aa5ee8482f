"""The number of consignments under way to a sink: fewer after refusals, then slowly more."""

from __future__ import annotations


class Lanes:
    """How many consignments may be under way: a refusal halves the number, a success adds one.

    With this rule (additive increase, multiplicative decrease) several senders share a receiver
    fairly. `most` is the recipe's limit; the number is never less than one.
    """

    def __init__(self, most: int) -> None:
        self._most = max(1, most)
        self.open = self._most

    def strained(self) -> None:
        """Note that the receiver could not take an instance: out of resources, or silent."""
        self.open = max(1, self.open // 2)

    def eased(self) -> None:
        """Note that a consignment was brought without trouble."""
        self.open = min(self._most, self.open + 1)

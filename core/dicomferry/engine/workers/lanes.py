"""How much is sent at once: fewer consignments after refusals, slowly more again."""

from __future__ import annotations


class Lanes:
    """The consignments that may be under way: halved by trouble, one more after each success.

    Additive increase and multiplicative decrease share a receiver fairly among all that send to
    it, and find what it can take. `most` is what the recipe allows; one is always open.
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

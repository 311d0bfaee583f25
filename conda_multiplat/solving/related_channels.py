"""Channels that other channels declare (CEP 42), where the manifest does not have them so."""

from __future__ import annotations

from typing import NamedTuple


class Relation(NamedTuple):
    """What a channel declares of another.

    Attributes:
        channel: the URL of the one that declares it.
        kind: ``base``, which is to come before it, or ``overrides``, which is to come after it.
        url: the URL of the other one.
        named: whether the manifest names the other one, in another order than that.
    """

    channel: str
    kind: str
    url: str
    named: bool = False

    @property
    def words(self) -> str:
        """What the other one is."""
        if self.kind == "base":
            return f"the base of {self.channel}"
        return f"what {self.channel} overrides"

    @property
    def place(self) -> str:
        """Where the other one has to stand."""
        return f"{'before' if self.kind == 'base' else 'after'} {self.channel}"

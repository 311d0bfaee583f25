"""Channel relations (CEP 42) that the manifest's channels don't satisfy."""

from __future__ import annotations

from typing import NamedTuple


class Relation(NamedTuple):
    """A channel's declared relation to another.

    Attributes:
        channel: the URL of the channel that declares it.
        kind: ``base``, which must come before it, or ``overrides``, which must come after it.
        url: the URL of the other channel.
        named: whether the manifest names the other channel, but in the wrong order.
    """

    channel: str
    kind: str
    url: str
    named: bool = False

    @property
    def words(self) -> str:
        """What the other channel is to the one that declares it."""
        if self.kind == "base":
            return f"the base of {self.channel}"
        return f"what {self.channel} overrides"

    @property
    def place(self) -> str:
        """Where the other channel has to be in the list of channels."""
        return f"{'before' if self.kind == 'base' else 'after'} {self.channel}"

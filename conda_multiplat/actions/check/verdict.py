"""What ``check`` finds of one file."""

from __future__ import annotations

from typing import Any, NamedTuple

#: The commands that bring files up to date.
LOCK = "lock"
RENDER = "render --existing"


class Verdict(NamedTuple):
    """What was found of one file.

    Attributes:
        file: the lock, or a rendered file.
        reasons: why it is out of date, a line each; nothing where it is not.
        met: the platforms that may have changed, but whose lock still fits.
        why_met: why they may have changed.
        command: the command that brings it up to date; ``""`` where none does.
        fix: what to do, in words.
        notes: what can't be known of it, a line each.
    """

    file: str
    reasons: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    why_met: str = ""
    command: str = LOCK
    fix: str = ""
    notes: tuple[str, ...] = ()

    def fails(self, *, strict: bool = False) -> bool:
        """Whether something has to be done; ``strict`` where what is only met is not enough."""
        return bool(self.reasons or (strict and self.met))

    def lines(self) -> list[str]:
        """What there is to say of it, a reason to a line; nothing where it is in sync."""
        details = [f"  {line}" for line in (*self.reasons, *self.notes)]
        if self.reasons:
            return [f"{self.file} is out of date", *details]
        return (
            [f"{self.file}: {self.why_met}  ({', '.join(self.met)})", *details] if self.met else []
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``state`` is ``in sync``, ``met`` or ``out of date``."""
        state = "out of date" if self.reasons else "met" if self.met else "in sync"
        return {
            "file": self.file,
            "state": state,
            "reasons": list(self.reasons),
            **({"notes": list(self.notes)} if self.notes else {}),
            "met": list(self.met),
            "fix": self.fix if self.fails(strict=True) else "",
        }

"""The result of ``check`` for one file."""

from __future__ import annotations

from typing import Any, NamedTuple

#: The commands that update files.
LOCK = "lock"
RENDER = "render --existing"


class Verdict(NamedTuple):
    """The result for one file.

    Attributes:
        file: the lock, or a rendered file.
        reasons: why it is out of date, one line each; empty if it is not.
        met: platforms that may have changed, but whose lock still satisfies the manifest.
        why_met: why they may have changed.
        command: the command that updates it; ``""`` if there is none.
        fix: what to do, in words.
        notes: what can't be checked, one line each.
    """

    file: str
    reasons: tuple[str, ...] = ()
    met: tuple[str, ...] = ()
    why_met: str = ""
    command: str = LOCK
    fix: str = ""
    notes: tuple[str, ...] = ()

    def fails(self, *, strict: bool = False) -> bool:
        """Return whether something has to be done; ``strict`` includes a lock that is only met."""
        return bool(self.reasons or (strict and self.met))

    def lines(self) -> list[str]:
        """Return the text form, one line per reason; empty if it is in sync."""
        details = [f"  {line}" for line in (*self.reasons, *self.notes)]
        if self.reasons:
            return [f"{self.file} is out of date", *details]
        return (
            [f"{self.file}: {self.why_met}  ({', '.join(self.met)})", *details] if self.met else []
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; ``state`` is ``in sync``, ``met`` or ``out of date``."""
        state = "out of date" if self.reasons else "met" if self.met else "in sync"
        return {
            "file": self.file,
            "state": state,
            "reasons": list(self.reasons),
            **({"notes": list(self.notes)} if self.notes else {}),
            "met": list(self.met),
            "fix": self.fix if self.fails(strict=True) else "",
        }

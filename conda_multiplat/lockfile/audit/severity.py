"""The severity of a vulnerability: CVSS base scores (3.0, 3.1) and databases' own words.

For CVSS 4.0, whose scores need a table of hundreds of values, and for CVSS 2.0, the word that the
database derives from the vector counts. Without a word, the severity is unknown, which counts at
every level.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

UNKNOWN = "unknown"
#: Levels, from the least to the most severe.
LEVELS = ("low", "medium", "high", "critical")
_WORDS = {"moderate": "medium", "important": "high"}
#: The lowest score of each level.
FLOORS = {"low": 0.1, "medium": 4.0, "high": 7.0, "critical": 9.0}

_IMPACT = {"H": 0.56, "L": 0.22, "N": 0.0}
_METRICS = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": _IMPACT,
    "I": _IMPACT,
    "A": _IMPACT,
}
#: Privileges required, for an unchanged and a changed scope.
_PRIVILEGES = {
    "U": {"N": 0.85, "L": 0.62, "H": 0.27},
    "C": {"N": 0.85, "L": 0.68, "H": 0.5},
}


class Rating(NamedTuple):
    """A severity.

    Attributes:
        level: one of :data:`LEVELS`, or ``unknown``.
        score: the CVSS base score, 0 to 10; ``None`` if only a word is known.
    """

    level: str = UNKNOWN
    score: float | None = None

    def counts(self, least: str) -> bool:
        """Return whether it is at least as severe as ``least``; ``True`` for unknown severities."""
        return self.level == UNKNOWN or _rank(self) >= LEVELS.index(least)


def _rank(rating: Rating) -> int:
    return LEVELS.index(rating.level) if rating.level in LEVELS else -1


def worst(ratings: Iterable[Rating]) -> Rating:
    """Return the worst of several ratings; unknown only if all are."""
    return max(ratings, key=lambda rating: (_rank(rating), rating.score or 0), default=Rating())


def rating_of(vectors: Sequence[str], words: Sequence[str]) -> Rating:
    """Return the worst severity of CVSS vectors and databases' words.

    Args:
        vectors: CVSS vectors of any version, ``CVSS:3.1/AV:N/…``; others than 3 are passed over.
        words: ``LOW``, ``MODERATE``, … in any case.
    """
    scores = [score for vector in vectors if (score := base_score(vector)) is not None]
    rated = [Rating(_level(score), score) for score in scores]
    lower = [_WORDS.get(word.lower(), word.lower()) for word in words]
    return worst([*rated, *(Rating(word) for word in lower if word in LEVELS)])


def _level(score: float) -> str:
    """Return the level of a score; the lowest one for a score below all levels."""
    return next((level for level in reversed(LEVELS) if score >= FLOORS[level]), LEVELS[0])


def base_score(vector: str) -> float | None:
    """Return the base score of a CVSS 3.0 or 3.1 vector (CVSS 3.1, section 7.1), else ``None``.

    Both are rounded as in 3.1, which gives the same result on all machines.
    """
    head, *parts = vector.strip().split("/")
    metrics = dict(part.partition(":")[::2] for part in parts)
    if head not in ("CVSS:3.0", "CVSS:3.1"):
        return None
    try:
        scope = metrics["S"]
        value = {name: table[metrics[name]] for name, table in _METRICS.items()}
        privileges = _PRIVILEGES[scope][metrics["PR"]]
    except KeyError:
        return None
    exposed = 1 - (1 - value["C"]) * (1 - value["I"]) * (1 - value["A"])
    exploitability = 8.22 * value["AV"] * value["AC"] * privileges * value["UI"]
    if scope == "U":
        impact = 6.42 * exposed
        total = impact + exploitability
    else:
        impact = 7.52 * (exposed - 0.029) - 3.25 * (exposed - 0.02) ** 15
        total = 1.08 * (impact + exploitability)
    return _rounded_up(min(total, 10)) if impact > 0 else 0.0


def _rounded_up(score: float) -> float:
    """Round up to one decimal, with integer arithmetic (CVSS 3.1, appendix A)."""
    whole = round(score * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10

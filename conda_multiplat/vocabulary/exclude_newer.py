"""``exclude-newer``: ignore packages that were published after an instant, by conda's rules.

A rule is text: an instant, or a duration before now. A rule for a package's name takes precedence
over the one for its channel, and that over the general one. Resolved at an instant, rules become
:class:`Cutoffs`. A package without a known time is never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from conda_multiplat.vocabulary.names import project_name

#: The rule that exempts a package or a channel.
NEVER = "false"
_NEVER = (NEVER, "no", "off", "none", "0")
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_UNIT = r"(w|weeks?|d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)"
# Compiled when they are first used: most manifests have no such rule.
_PART = rf"(?i)([0-9]{{1,9}})\s*{_UNIT}\s*"
_COMPACT = rf"(?i)(?:[0-9]{{1,9}}\s*{_UNIT}\s*)+"
_ISO = (
    r"(?ia)P(?!$)(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?!$)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?"
)
_PLAIN = r"[0-9]{1,9}"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
#: ``datetime.fromisoformat`` accepts more forms in newer versions of Python.
_MOMENT = (
    rf"({_DATE}[Tt ]{_TIME}(?::[0-5][0-9])?)(?:\.[0-9]{{1,9}})?"
    rf"([Zz]|[+-]{_TIME})?"
)

#: The hint for a text that is not a rule.
FORMS = "write a duration (7d, 3d12h, 1w, P7D) or an instant (2026-04-01, 2026-04-01T12:00:00Z)"


def duration(text: str) -> int | None:
    """Parse a duration as conda, ISO 8601 or uv write it, to seconds; ``None`` for other text.

    A plain number is a number of seconds.
    """
    text = text.strip()
    if re.fullmatch(_PLAIN, text):
        return int(text)
    if match := re.fullmatch(_ISO, text):
        return sum(
            int(number or 0) * seconds
            for number, seconds in zip(match.groups(), _SECONDS.values(), strict=True)
        )
    if not re.fullmatch(_COMPACT, text):
        return None
    parts = re.findall(_PART, text)
    return sum(int(number) * _SECONDS[unit[0].lower()] for number, unit in parts)


def instant(text: str, now: int) -> int:
    """Return the last instant at which a package may have been published, in seconds since 1970.

    A date includes its whole day; an instant without a time zone is in UTC (as in conda).

    Raises:
        ValueError: ``text`` is not a duration, a date or an instant (RFC 3339).
    """
    text = text.strip()
    if (seconds := duration(text)) is not None:
        return max(0, now - seconds)
    try:
        if re.fullmatch(_DATE, text):
            day = date.fromisoformat(text) + timedelta(days=1)
            moment = datetime(day.year, day.month, day.day)
        else:
            moment = _moment(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return max(0, int(zoned.timestamp()))
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r:.60} is neither a duration nor an instant") from None


def _moment(text: str) -> datetime:
    """Parse an instant (RFC 3339; seconds and zone are optional), ignoring fractions of a second.

    Raises:
        ValueError: ``text`` is not an instant.
    """
    match = re.fullmatch(_MOMENT, text)
    if match is None:
        raise ValueError(f"{text!r:.60} is not an instant")
    zone = match[2] or ""
    return datetime.fromisoformat(f"{match[1].upper()}{'+00:00' if zone in 'Zz' else zone}")


def is_rule(text: str) -> bool:
    """Return whether a text is a valid rule."""
    try:
        instant(text, 0)
    except ValueError:
        return False
    return True


def is_never(text: str) -> bool:
    """Return whether a rule exempts its package or channel."""
    return text.strip().lower() in _NEVER


def in_words(seconds: int) -> str:
    """Format seconds since 1970 as an instant in UTC (RFC 3339)."""
    try:
        moment = datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return str(seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def whole_seconds(milliseconds: float) -> int:
    """Convert milliseconds to seconds, rounding up: what was after an instant stays after it."""
    return max(0, -int(-milliseconds // 1000))


class Cuts(NamedTuple):
    """The instants for conda packages or for PyPI's, in seconds since 1970; ``None`` exempts.

    Attributes:
        everything: for packages without a rule of their own.
        channels: by the channel's name in the manifest; the last one counts.
        packages: by name.
    """

    everything: int | None = None
    channels: tuple[tuple[str, int | None], ...] = ()
    packages: tuple[tuple[str, int | None], ...] = ()

    @property
    def can_exclude(self) -> bool:
        """Whether these instants can exclude any package."""
        specific = (cut for _, cut in (*self.channels, *self.packages))
        return self.everything is not None or any(cut is not None for cut in specific)

    def of(self, name: str, channel: str = "") -> int | None:
        """Return the instant for a package, in seconds since 1970; ``None`` if it is exempt."""
        for package, cut in self.packages:
            if package == name:
                return cut
        for named, cut in reversed(self.channels):
            if named == channel:
                return cut
        return self.everything

    def excludes(self, name: str, channel: str, time: int) -> bool:
        """Return whether a package is too new; ``time`` is in seconds since 1970, 0 if unknown."""
        cut = self.of(name, channel)
        return cut is not None and time > cut


#: With these, nothing is too new.
NO_CUTS = Cuts()


class Cutoffs(NamedTuple):
    """The instants for conda's and for PyPI's packages.

    Attributes:
        conda: for conda's packages.
        pypi: for PyPI's files.
        at: the instant that durations count from, in seconds since 1970; 0 if there are none.
    """

    conda: Cuts = NO_CUTS
    pypi: Cuts = NO_CUTS
    at: int = 0

    def letting_through(self, names: Iterable[str]) -> Cutoffs:
        """Return the same instants with some conda packages exempt."""
        exempt = tuple((name, None) for name in names)
        return self._replace(conda=self.conda._replace(packages=(*exempt, *self.conda.packages)))


class Rule(NamedTuple):
    """The rules for conda's or for PyPI's packages, as text; empty if there are none.

    Attributes:
        everything: for packages without a rule of their own.
        channels: by the channel's name in the manifest, without credentials.
        packages: by name.
    """

    everything: str = ""
    channels: tuple[tuple[str, str], ...] = ()
    packages: tuple[tuple[str, str], ...] = ()

    @property
    def texts(self) -> list[str]:
        """Return the texts of all rules."""
        specific = [text for _, text in (*self.channels, *self.packages) if not is_never(text)]
        return [*filter(None, [self.everything]), *specific]

    def words(self) -> str:
        """Format the rules in one line; ``""`` if there are none."""
        specific = [f"{name}: {text}" for name, text in (*self.channels, *self.packages)]
        return "; ".join(filter(None, [self.everything, ", ".join(specific)]))

    def content(self) -> dict[str, Any]:
        """Return the rules in their JSON form."""
        parts = {
            "everything": self.everything,
            "channels": dict(self.channels),
            "packages": dict(self.packages),
        }
        return {key: value for key, value in parts.items() if value}

    @classmethod
    def of_content(cls, content: Mapping[str, Any]) -> Rule:
        """Read what :meth:`content` returned.

        Raises:
            ValueError: ``content`` has another form.
        """
        channels, packages = (content.get(key, {}) for key in ("channels", "packages"))
        if not isinstance(channels, dict) or not isinstance(packages, dict):
            raise ValueError(f"{content!r:.60} does not say what is too new")
        return cls(
            str(content.get("everything", "")),
            tuple((str(k), str(v)) for k, v in channels.items()),
            tuple((str(k), str(v)) for k, v in packages.items()),
        )

    def cuts(self, now: int, option: str = "", *, projects: bool = False) -> Cuts:
        """Resolve the rules; of the general rule and the option, the earlier instant applies.

        Raises:
            ValueError: as :func:`instant`.
        """

        def cut_of(text: str) -> int | None:
            return None if is_never(text) else instant(text, now)

        name = project_name if projects else str.lower
        texts = filter(None, [self.everything, option])
        return Cuts(
            min((instant(text, now) for text in texts), default=None),
            tuple((channel, cut_of(text)) for channel, text in self.channels),
            tuple((name(package), cut_of(text)) for package, text in self.packages),
        )


class ExcludeNewer(NamedTuple):
    """The rules for conda's and for PyPI's packages.

    Attributes:
        conda: for conda's packages.
        pypi: for PyPI's files.
        option: the value of ``lock --exclude-newer``; of it and the general rule, the earlier
            instant applies.
        source: the settings of a machine that the rules come from; ``""`` for the manifest.
    """

    conda: Rule = Rule()
    pypi: Rule = Rule()
    option: str = ""
    source: str = ""

    @property
    def is_stated(self) -> bool:
        """Whether there are any rules."""
        return any(self.conda) or any(self.pypi) or bool(self.option)

    @property
    def has_durations(self) -> bool:
        """Whether a rule is a duration, whose instant changes as time passes."""
        texts = (*self.conda.texts, *self.pypi.texts, *filter(None, [self.option]))
        return any(duration(text) is not None for text in texts)

    def content(self, *, pypi: bool) -> dict[str, Any]:
        """Return the rules for a digest, with PyPI's if the target has PyPI packages."""
        parts = {
            "conda": self.conda.content(),
            "pypi": self.pypi.content() if pypi else {},
            "option": self.option,
        }
        return {key: value for key, value in parts.items() if value}

    def cutoffs(self, now: int) -> Cutoffs:
        """Resolve the rules at ``now``, in seconds since 1970.

        Raises:
            ValueError: as :func:`instant`.
        """
        return Cutoffs(
            self.conda.cuts(now, self.option),
            self.pypi.cuts(now, self.option, projects=True),
            now if self.has_durations else 0,
        )

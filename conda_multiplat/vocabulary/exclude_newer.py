"""``exclude-newer``: packages that were published after an instant aren't seen, as conda has it.

A rule is text: an instant, or how long ago it is. Of several that are said of a package, the one of
its name holds, else the one of its channel, else the one for everything. With the instant at which
it is looked at, text becomes :class:`Cutoffs`. A package with no known time is seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from conda_multiplat.vocabulary.names import project_name

#: What lets a package or a channel through, whatever else is said.
NEVER = "false"
_NEVER = (NEVER, "no", "off", "none", "0")
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_UNIT = r"(w|weeks?|d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)"
# Patterns that are compiled where there is such a rule: most manifests have none.
_PART = rf"(?i)([0-9]{{1,9}})\s*{_UNIT}\s*"
_COMPACT = rf"(?i)(?:[0-9]{{1,9}}\s*{_UNIT}\s*)+"
_ISO = (
    r"(?ia)P(?!$)(?:(\d{1,9})W)?(?:(\d{1,9})D)?"
    r"(?:T(?!$)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?"
)
_PLAIN = r"[0-9]{1,9}"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
#: Python's own reader takes more from one version to the next.
_MOMENT = (
    rf"({_DATE}[Tt ]{_TIME}(?::[0-5][0-9])?)(?:\.[0-9]{{1,9}})?"
    rf"([Zz]|[+-]{_TIME})?"
)

#: What to write, for who has written something else.
FORMS = "write a duration (7d, 3d12h, 1w, P7D) or an instant (2026-04-01, 2026-04-01T12:00:00Z)"


def duration(text: str) -> int | None:
    """The seconds of a duration, as conda, ISO 8601 and uv write them; ``None`` for another text.

    A plain number is of seconds.
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
    """The last second, of those since 1970 in UTC, in which a package can have been published.

    A date stands for the whole of its day, an instant without a zone is one of UTC (as in conda).

    Raises:
        ValueError: it is neither a duration nor a date nor an instant (RFC 3339).
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
    """An instant as RFC 3339 writes it, or without seconds or a zone; parts of a second count not.

    Raises:
        ValueError: it is none.
    """
    match = re.fullmatch(_MOMENT, text)
    if match is None:
        raise ValueError(f"{text!r:.60} is not an instant")
    zone = match[2] or ""
    return datetime.fromisoformat(f"{match[1].upper()}{'+00:00' if zone in 'Zz' else zone}")


def is_rule(text: str) -> bool:
    """Whether a text can be looked at."""
    try:
        instant(text, 0)
    except ValueError:
        return False
    return True


def is_never(text: str) -> bool:
    """Whether the text of a package or a channel lets it through."""
    return text.strip().lower() in _NEVER


def in_words(seconds: int) -> str:
    """Seconds since 1970 as RFC 3339 has them, in UTC."""
    try:
        moment = datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return str(seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def whole_seconds(milliseconds: float) -> int:
    """A time in seconds, rounded up: it is after an instant if the time is."""
    return max(0, -int(-milliseconds // 1000))


class Cuts(NamedTuple):
    """The instants of one half, conda's or PyPI's; ``None`` for what is seen whenever it was made.

    Attributes:
        everything: of what nothing more is said.
        channels: by the channel's name in the manifest; the last one counts.
        packages: by name.
    """

    everything: int | None = None
    channels: tuple[tuple[str, int | None], ...] = ()
    packages: tuple[tuple[str, int | None], ...] = ()

    @property
    def exclude(self) -> bool:
        """Whether there is anything that they can exclude."""
        own = (cut for _, cut in (*self.channels, *self.packages))
        return self.everything is not None or any(cut is not None for cut in own)

    def of(self, name: str, channel: str = "") -> int | None:
        """The instant that holds for a package."""
        for package, cut in self.packages:
            if package == name:
                return cut
        for named, cut in reversed(self.channels):
            if named == channel:
                return cut
        return self.everything

    def exclude_it(self, name: str, channel: str, time: int) -> bool:
        """Whether a package of a time, 0 where that is not known, isn't seen."""
        cut = self.of(name, channel)
        return cut is not None and time > cut


#: Nothing is too new.
ALL_SEEN = Cuts()


class Cutoffs(NamedTuple):
    """The instants of both halves.

    Attributes:
        conda: of conda's packages.
        pypi: of PyPI's files.
        at: when days were counted from, in seconds since 1970; 0 where there are none to count.
    """

    conda: Cuts = ALL_SEEN
    pypi: Cuts = ALL_SEEN
    at: int = 0

    def letting_through(self, names: Iterable[str]) -> Cutoffs:
        """The same, but for some conda packages, which are seen whenever they were made."""
        own = tuple((name, None) for name in names)
        return self._replace(conda=self.conda._replace(packages=(*own, *self.conda.packages)))


class Rule(NamedTuple):
    """What is said of one half; ``""`` and nothing where nothing is.

    Attributes:
        everything: of what nothing more is said.
        channels: by the channel's name in the manifest, without credentials.
        packages: by name.
    """

    everything: str = ""
    channels: tuple[tuple[str, str], ...] = ()
    packages: tuple[tuple[str, str], ...] = ()

    @property
    def texts(self) -> list[str]:
        """All that is said."""
        own = [text for _, text in (*self.channels, *self.packages) if not is_never(text)]
        return [*filter(None, [self.everything]), *own]

    def words(self) -> str:
        """What is said, in a line; ``""`` for nothing."""
        own = [f"{name}: {text}" for name, text in (*self.channels, *self.packages)]
        return "; ".join(filter(None, [self.everything, ", ".join(own)]))

    def content(self) -> dict[str, Any]:
        """What is said, as JSON."""
        parts = {
            "everything": self.everything,
            "channels": dict(self.channels),
            "packages": dict(self.packages),
        }
        return {key: value for key, value in parts.items() if value}

    @classmethod
    def of_content(cls, content: Mapping[str, Any]) -> Rule:
        """The other way round.

        Raises:
            ValueError: it is something else.
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
        """The instants, of what is said for everything and of the option's the earlier one.

        Raises:
            ValueError: as :func:`instant`.
        """

        def own(text: str) -> int | None:
            return None if is_never(text) else instant(text, now)

        name = project_name if projects else str.lower
        texts = filter(None, [self.everything, option])
        return Cuts(
            min((instant(text, now) for text in texts), default=None),
            tuple((channel, own(text)) for channel, text in self.channels),
            tuple((name(package), own(text)) for package, text in self.packages),
        )


class ExcludeNewer(NamedTuple):
    """What is not to be seen, of both halves.

    Attributes:
        conda: of conda's packages.
        pypi: of PyPI's files.
        option: what ``lock --exclude-newer`` says; with what is said for everything, the earlier
            instant holds.
        source: the settings of a machine that say it; ``""`` where the manifest does.
    """

    conda: Rule = Rule()
    pypi: Rule = Rule()
    option: str = ""
    source: str = ""

    @property
    def is_stated(self) -> bool:
        """Whether anything is said."""
        return any(self.conda) or any(self.pypi) or bool(self.option)

    @property
    def has_durations(self) -> bool:
        """Whether it says something else each day."""
        texts = (*self.conda.texts, *self.pypi.texts, *filter(None, [self.option]))
        return any(duration(text) is not None for text in texts)

    def content(self, *, pypi: bool) -> dict[str, Any]:
        """What is said, for a digest; of PyPI's half where it counts."""
        parts = {
            "conda": self.conda.content(),
            "pypi": self.pypi.content() if pypi else {},
            "option": self.option,
        }
        return {key: value for key, value in parts.items() if value}

    def cutoffs(self, now: int) -> Cutoffs:
        """The instants, looked at ``now``.

        Raises:
            ValueError: as :func:`instant`.
        """
        return Cutoffs(
            self.conda.cuts(now, self.option),
            self.pypi.cuts(now, self.option, projects=True),
            now if self.has_durations else 0,
        )

"""The content of imported files, before it becomes one manifest.

Each source is read into an :class:`Imported`: a :class:`Manifest`, as our own reader returns it,
and what a manifest can't express. Those of several files are merged (``merge``), and one writer
makes the text (``write_manifest``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PypiRequirement
from packaging.utils import canonicalize_name

from conda_multiplat.manifest.model import Manifest
from conda_multiplat.vocabulary.errors import Location, ManifestError, Problem, WordingError
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.selectors import comment_selector

_COMMENT = re.compile(r"\s#\s*(?P<words>[^'\"]*)$")
_SELECTOR = re.compile(r"\[[^\[\]]*\]\s*$")

#: The number of items of a kind to name one by one.
_MANY = 8


@dataclass(frozen=True, order=True)
class Lost:
    """Something that a manifest can't express.

    Attributes:
        at: its place.
        what: what it is, and why it is not in the manifest if that is not obvious.
        instead: what the user can do; ``""`` for nothing.
    """

    at: Location
    what: str
    instead: str = ""

    def __str__(self) -> str:
        text = f"{self.at}: {self.what}" if self.at.file else self.what
        return f"{text}\n    {self.instead}" if self.instead else text

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form: ``file``, ``line``, ``what``, ``instead``."""
        place = {"file": self.at.file, "line": self.at.line}
        return {**place, "what": self.what, "instead": self.instead}


@dataclass(frozen=True)
class Imported:
    """One or several sources as a manifest.

    Attributes:
        manifest: their requests. Its environments have a view of each platform that any of them
            is for.
        lost: what could not be converted.
        notes: assumptions and decisions, one line each.
        comments: the comments of a requirement, by its place.
        reasons: the comments of an environment's promises for a platform.
        locked_as: the environment and the platform of each target, as pixi.lock names them.
    """

    manifest: Manifest
    lost: tuple[Lost, ...] = ()
    notes: tuple[str, ...] = ()
    comments: Mapping[Location, str] = field(default_factory=dict)
    reasons: Mapping[tuple[str, str], str] = field(default_factory=dict)
    locked_as: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def adding(self, lost: Iterable[Lost] = (), notes: Iterable[str] = ()) -> Imported:
        """Return the same with more losses or notes."""
        return replace(self, lost=(*self.lost, *lost), notes=(*self.notes, *notes))


def refusal(file: str, *problems: Problem) -> ManifestError:
    """Return the error for a file that can't be imported, with all of its problems."""
    return ManifestError(f"{file} can't be imported", problems=sorted(problems))


@lru_cache(maxsize=65536)  # the same line is read for each platform
def conda_meaning(text: str) -> str:
    """Return the same value for equivalent MatchSpecs: ``a=1`` and ``a 1.*``."""
    try:
        spec = parse_spec(text)
    except WordingError:
        return text
    return spec.text(spec.channel)


@lru_cache(maxsize=65536)
def pypi_meaning(text: str) -> str:
    """Return the same value for equivalent entries of ``pip:``: ``A_b >= 1`` and ``a-b>=1``."""
    try:
        requirement = PypiRequirement(text)
    except InvalidRequirement:
        return " ".join(text.split())
    requirement.name = canonicalize_name(requirement.name)
    return str(requirement)


def summarise(names: Sequence[str], at: Location, one: str, many: str) -> list[Lost]:
    """Summarise several items of one kind in one entry that names the first; empty for none."""
    if not names:
        return []
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    words = one if len(names) == 1 else many
    return [Lost(at, f"{words} {', '.join(names[:_MANY])}{more}")]


def lone_comments(file: str, text: str) -> list[Lost]:
    """Return the comments that have their own lines, as one entry."""
    lines = enumerate(text.splitlines(), start=1)
    numbers = [str(number) for number, line in lines if re.match(r"\s*#\s*\S", line)]
    at = Location(file, int(numbers[0]) if numbers else 0)
    return summarise(numbers, at, "the comment on line", "the comments on lines")


def trailing_comment(line: str) -> str:
    """Return the comment at the end of a line of YAML or TOML, without its selector, or ``""``.

    A line with a quotation mark after the ``#`` counts as without one: the ``#`` may be quoted.
    """
    match = _COMMENT.search(line)
    if match is None:
        return ""
    words = match["words"].strip()
    if comment_selector(f"x  # {words}"):
        words = _SELECTOR.sub("", words).strip()
    return words


def request_differences(expected: Manifest, actual: Manifest) -> Iterator[str]:
    """Return where two manifests differ, as ``environment/platform``; empty if they are equal.

    The order of channels counts, that of requirements and environments does not.
    """
    if (expected.name, expected.platforms) != (actual.name, actual.platforms):
        yield "name or platforms"
    if (
        expected.environments.keys() != actual.environments.keys()
        or expected.prefer != actual.prefer
    ):
        yield "environments"
        return
    for name in expected.environments:
        if expected.platforms_of(name) != actual.platforms_of(name):
            yield f"{name}'s platforms"
            continue
        for subdir in expected.platforms_of(name):
            if _request(expected, name, subdir) != _request(actual, name, subdir):
                yield f"{name}/{subdir}"


def _request(manifest: Manifest, name: str, subdir: str) -> tuple[object, ...]:
    view = manifest.view(name, subdir)
    return (
        [channel.value for channel in view.channels],
        {(conda_meaning(requirement.text), requirement.category) for requirement in view.conda},
        {(pypi_meaning(requirement.text), requirement.category) for requirement in view.pypi},
        dict(manifest.variables.get(subdir, {})),
        [
            {key: dict(value) for key, value in ancestor.promises.items() if value}
            for ancestor in manifest.lineage(name)
        ],
        manifest.environments[name].solve_group,
    )

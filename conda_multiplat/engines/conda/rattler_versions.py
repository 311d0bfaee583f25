"""The versions of py-rattler that we run on, and everything that differs between them.

We share a Python with conda, whose solver plugin determines the version of py-rattler. The range in
``pyproject.toml`` is that of :data:`KNOWN`. All differences between the versions are handled in
this module, and nowhere else.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from inspect import signature
from typing import Any

import rattler

from conda_multiplat.vocabulary.errors import OutsideError, WordingError
from conda_multiplat.vocabulary.match_spec import require_shallow

#: Minor versions; each of them has changed names or signatures so far.
KNOWN = ((0, 26), (0, 27), (0, 28))


def _refuse_unknown_version() -> None:
    """Name the supported versions, instead of failing later in the middle of a command.

    Raises:
        OutsideError: another version is installed, by force: pip and conda know the supported ones.
    """
    installed = rattler.__version__
    if tuple(int(part) for part in installed.split(".")[:2]) in KNOWN:
        return
    first, last = (".".join(map(str, version)) for version in (KNOWN[0], KNOWN[-1]))
    major, minor = KNOWN[-1]
    requirement = f"py-rattler>={first},<{major}.{minor + 1}"
    raise OutsideError(
        f"py-rattler {installed} is installed; this conda-multiplat works with {first} to {last}",
        hints=[
            f"install one of those: `pip install '{requirement}'`",
            "or a conda-multiplat that knows this one: `pip install --upgrade conda-multiplat`",
        ],
    )


_refuse_unknown_version()  # before we use what another version may lack

from rattler.exceptions import InvalidMatchSpecError  # noqa: E402  # after the check

#: ``Platform`` before 0.27, which renamed it; the old name warns from then on.
Subdir: type[rattler.Subdir] = getattr(
    rattler, "Subdir" if hasattr(rattler, "Subdir") else "Platform"
)


def build_string(text: str) -> rattler.BuildString:
    """Return a build string as records and virtual packages expect it.

    A plain ``str`` before 0.28. From then on a ``BuildString``, which by default refuses what
    CEP 26 does not allow; the older versions took anything, and locks and channels may have it.
    """
    if not hasattr(rattler, "BuildString"):
        return text  # type: ignore[return-value]  # the type of the newest version
    return rattler.BuildString.new_unchecked(text)


def requested_spec(text: str) -> Any:
    """Return a MatchSpec as ``install(requested_specs=)`` expects it.

    All versions declare a ``MatchSpec`` but pass it to Rust unchanged, which only accepts the
    object inside; that has no public name.

    Raises:
        WordingError: the text is not a MatchSpec, as can be in an edited lock.
    """
    try:
        return rattler.MatchSpec(require_shallow(text))._match_spec
    except InvalidMatchSpecError as error:
        raise WordingError(f"{text!r} is not a MatchSpec: {error}") from None


#: Whether ``solve`` can be told to accept records without a time, from 0.27 on.
KEEPS_UNDATED = "timestamp_policy" in signature(rattler.solve).parameters
#: Whether records have the time of their publication, from 0.27 on.
KNOWS_INDEXED = hasattr(rattler.PackageRecord, "indexed_timestamp")
#: Matches rattler's phrase for a record that is too new; its date may not be the manifest's.
_TOO_NEW = re.compile(r"the package is uploaded after the cutoff date of [0-9-]+ [0-9:.]+( UTC)?")
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


def cutoff(seconds: int) -> dict[str, Any]:
    """Return arguments of ``solve`` that exclude newer records, but not those without a time.

    Before 0.27, records without a time are excluded too.
    """
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    policy = {"timestamp_policy": "allow-missing"} if KEEPS_UNDATED else {}
    return {"exclude_newer": moment, **policy}


def published(record: rattler.PackageRecord) -> float:
    """Return when a record was published, else when it was built, in milliseconds since 1970.

    0 if the channel does not state it. Before 0.27, only the time of the build is known.
    """
    indexed = record.indexed_timestamp if KNOWS_INDEXED else None
    for moment in (indexed, record.timestamp):
        if moment and moment > _EPOCH:
            return round(moment.timestamp() * 1000)
    return 0


def set_published(record: rattler.PackageRecord, moment: datetime) -> None:
    """Set a record's time."""
    record.timestamp = moment
    if KNOWS_INDEXED:
        record.indexed_timestamp = moment


def in_our_words(text: str) -> str:
    """Replace rattler's wording for excluded records by the manifest's."""
    return _TOO_NEW.sub("it is newer than exclude-newer allows", text)

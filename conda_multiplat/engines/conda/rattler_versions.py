"""The versions of py-rattler that we run on, and everything that differs between them.

We share a Python with conda, and conda's own solver plugin says which py-rattler is there: it is
not ours to choose. The range in ``pyproject.toml`` is the one of :data:`KNOWN`. What rattler calls
and takes differently from one version to the next stands here, a paragraph each, and nowhere else.
"""

from __future__ import annotations

from typing import Any

import rattler

from conda_multiplat.vocabulary.errors import OutsideError, WordingError
from conda_multiplat.vocabulary.match_spec import require_shallow

#: Minor versions; each of them has changed names or signatures so far.
KNOWN = ((0, 26), (0, 27), (0, 28))


def _refuse_unknown_version() -> None:
    """Say which versions we know, rather than fail in the middle of work on a prefix or a lock.

    Raises:
        OutsideError: another one is installed, which takes force: pip and conda know our range.
    """
    found = rattler.__version__
    if tuple(int(part) for part in found.split(".")[:2]) in KNOWN:
        return
    first, last = (".".join(map(str, version)) for version in (KNOWN[0], KNOWN[-1]))
    major, minor = KNOWN[-1]
    wanted = f"py-rattler>={first},<{major}.{minor + 1}"
    raise OutsideError(
        f"py-rattler {found} is installed; this conda-multiplat works with {first} to {last}",
        hints=[
            f"install one of those: `pip install '{wanted}'`",
            "or a conda-multiplat that knows this one: `pip install --upgrade conda-multiplat`",
        ],
    )


_refuse_unknown_version()  # before we take what another version may not have

from rattler.exceptions import InvalidMatchSpecError  # noqa: E402  # for that reason

#: ``Platform`` before 0.27, which renamed it; the old name warns from then on.
Subdir: type[rattler.Subdir] = getattr(
    rattler, "Subdir" if hasattr(rattler, "Subdir") else "Platform"
)


def build_string(text: str) -> rattler.BuildString:
    """A build string as records and virtual packages take it.

    A plain ``str`` before 0.28. From then on a ``BuildString``, which by default refuses what
    CEP 26 does not allow; the older versions took anything, and locks and channels may have it.
    """
    if not hasattr(rattler, "BuildString"):
        return text  # type: ignore[return-value]  # the type of the newest version
    return rattler.BuildString.new_unchecked(text)


def requested_spec(text: str) -> Any:
    """A MatchSpec as ``install(requested_specs=)`` takes it.

    All versions declare a ``MatchSpec`` and hand it to Rust as it is, which knows only the one
    inside; that has no public name.

    Raises:
        WordingError: it is none, as a lock that somebody edited can have it.
    """
    try:
        return rattler.MatchSpec(require_shallow(text))._match_spec
    except InvalidMatchSpecError as error:
        raise WordingError(f"{text!r} is not a MatchSpec: {error}") from None

"""Refuse to copy a login into a manifest, which will be shared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_multiplat.actions.import_.sources import File
from conda_multiplat.vocabulary.channels import scrub
from conda_multiplat.vocabulary.errors import Location, ManifestError, Problem

_HINT = "put it in environment variables: //$USER:$PASSWORD@HOST, or HOST/t/$TOKEN"


def refuse_logins(text: str, files: Sequence[File]) -> None:
    """Refuse a manifest that has a login or a token in it.

    With the login masked, the manifest would mean something else; with it, the secret would be
    copied.

    Args:
        text: the manifest.
        files: the files that it was made from.

    Raises:
        ManifestError: at each line of the files that contains one.
    """
    if scrub(text) == text:
        return
    problems = [problem for file in files for problem in _problems(file)]
    raise ManifestError("the manifest would contain a login", problems=problems)


def _problems(file: File) -> Iterator[Problem]:
    for number, line in enumerate(file.text.splitlines(), 1):
        if (masked := scrub(line)) != line:
            message = f"it contains a login: {masked.strip()}"
            yield Problem(Location(file.name, number), message, _HINT)

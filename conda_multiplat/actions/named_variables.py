"""Environment variables that a manifest may use: only those that the user has listed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.hook_settings import VARIABLES, VARIABLES_VARIABLE
from conda_multiplat.manifest.targets import Target
from conda_multiplat.vocabulary.channels import environment_variables
from conda_multiplat.vocabulary.errors import Location, ManifestError, Problem


def require_named(targets: Iterable[Target], settings: Settings) -> None:
    """Refuse channels, MatchSpecs and ``pip:`` entries with variables that are not listed.

    A manifest, and the servers that it names, can be anybody's: they must not choose which of the
    user's environment variables are sent to them.

    Raises:
        ManifestError: at each line that refers to one.
    """
    texts = {text for target in targets for text in _texts(target)}
    if not any("$" in text for _, text in texts):
        return
    named = settings.variables()
    problems = sorted(problem for at, text in texts for problem in _problems(at, text, named))
    if problems:
        raise ManifestError(
            "the manifest asks for environment variables that may not be sent", problems=problems
        )


def _texts(target: Target) -> Iterator[tuple[Location, str]]:
    for channel in target.view.channels:
        yield channel.at, channel.value
    for requirement in (*target.view.conda, *target.view.pypi):
        yield requirement.at, requirement.text
    for name, url in target.pypi_options.indexes:
        yield Location(f"multiplat: pypi: indexes: {name}"), url


def _problems(at: Location, text: str, named: Collection[str]) -> Iterator[Problem]:
    for name in environment_variables(text):
        if name not in named:
            hint = (
                f"to allow it: {VARIABLES_VARIABLE}={name} in the environment, or "
                f"`plugins: {{{VARIABLES}: [{name}]}}` in .condarc"
            )
            yield Problem(at, f"${name} may not be sent", hint)

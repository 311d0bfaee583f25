"""A manifest on the way from what it is to what it is to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from conda_multiplat.manifest.edit.document import UNCHANGED, Document
from conda_multiplat.manifest.model import Manifest, Requirement
from conda_multiplat.manifest.read import Source, read_manifest
from conda_multiplat.vocabulary.errors import ManifestError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.pip_entries import entry_name
from conda_multiplat.vocabulary.selector_writer import Selection


@dataclass(frozen=True)
class Change:
    """What a change is about.

    Attributes:
        environment: whose own lines.
        name: the package's normalised name, or an entry of ``pip:`` as it is if it names none.
        pypi: whether it stands under ``pip:``.
        selection: on which platforms.
    """

    environment: str
    name: str
    pypi: bool
    selection: Selection

    def matches(self, requirement: Requirement) -> bool:
        """Whether a line has the name."""
        return self.name == (requirement.name or requirement.text)


@dataclass(frozen=True)
class Draft:
    """A manifest's files, as they are or as they are to be.

    Attributes:
        sources: the files, in the order in which later ones take precedence.
        host_subdirs: the platforms to assume where no file names any.
    """

    sources: tuple[Source, ...]
    host_subdirs: tuple[str, ...]

    @cached_property
    def manifest(self) -> Manifest:
        """What the files say.

        Raises:
            ManifestError: with every problem of every file.
        """
        return read_manifest(self.sources, host_subdirs=self.host_subdirs, entry_name=entry_name)

    @cached_property
    def documents(self) -> dict[str, Document]:
        """Each file with its nodes, by name."""
        return {source.file: Document(source) for source in self.sources}

    def with_text(self, file: str, text: str) -> Draft:
        """With another text for a file, which must still be a manifest's.

        Raises:
            ManifestError: it would not be.
        """
        sources = (s._replace(text=text) if s.file == file else s for s in self.sources)
        draft = replace(self, sources=tuple(sources))
        try:
            _ = draft.manifest
        except ManifestError as error:
            raise ManifestError(
                f"{file} can't be edited",
                details=["the change would leave:"],
                problems=error.problems,
                hints=[UNCHANGED, "change it by hand, then run `conda multiplat lock`"],
            ) from None
        return draft

    @property
    def subdirs(self) -> frozenset[str]:
        """Every platform that is named anywhere."""
        return frozenset(self.manifest.environments[DEFAULT_ENVIRONMENT].views)

    def reach(self, environment: str) -> frozenset[str]:
        """The platforms that an environment's own lines count for, those who extend it included."""
        heirs = self.manifest.heirs(environment)
        return frozenset(subdir for name in heirs for subdir in self.manifest.platforms_of(name))

    def own(self, environment: str, subdir: str, *, pypi: bool) -> Sequence[Requirement]:
        """What an environment's own lines ask for on a platform."""
        view = self.manifest.environments[environment].views.get(subdir)
        if view is None:
            return ()
        return view.pypi if pypi else view.conda

    def home_of(self, environment: str) -> Document:
        """The file for an environment's new lines: the first, or the one that declares it."""
        every = list(self.documents.values())
        if environment == DEFAULT_ENVIRONMENT:
            return every[0]
        return next(each for each in every if each.environment(environment))

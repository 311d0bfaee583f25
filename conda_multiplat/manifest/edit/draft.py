"""A manifest during an edit."""

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
    """The subject of a change.

    Attributes:
        environment: the environment whose own lines change.
        name: the package's normalised name, or an entry of ``pip:`` unchanged if it has no name.
        pypi: whether it belongs under ``pip:``.
        selection: the platforms.
    """

    environment: str
    name: str
    pypi: bool
    selection: Selection

    def matches(self, requirement: Requirement) -> bool:
        """Return whether a line has the name."""
        return self.name == (requirement.name or requirement.text)


@dataclass(frozen=True)
class Draft:
    """A manifest's files, original or edited.

    Attributes:
        sources: the files, in the order in which later ones take precedence.
        host_subdirs: the platforms to assume if no file names any.
    """

    sources: tuple[Source, ...]
    host_subdirs: tuple[str, ...]

    @cached_property
    def manifest(self) -> Manifest:
        """Read the files as a manifest.

        Raises:
            ManifestError: with every problem of every file.
        """
        return read_manifest(self.sources, host_subdirs=self.host_subdirs, entry_name=entry_name)

    @cached_property
    def documents(self) -> dict[str, Document]:
        """Return each file with its nodes, by name."""
        return {source.file: Document(source) for source in self.sources}

    def with_text(self, file: str, text: str) -> Draft:
        """Replace a file's text, which must still be a manifest.

        Raises:
            ManifestError: it is not one.
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
        """Return every platform that is named anywhere."""
        return frozenset(self.manifest.environments[DEFAULT_ENVIRONMENT].views)

    def reach(self, environment: str) -> frozenset[str]:
        """Return the platforms of an environment's own lines, including those of its heirs."""
        heirs = self.manifest.heirs(environment)
        return frozenset(subdir for name in heirs for subdir in self.manifest.platforms_of(name))

    def own_requirements(
        self, environment: str, subdir: str, *, pypi: bool
    ) -> Sequence[Requirement]:
        """Return an environment's own requirements on a platform."""
        view = self.manifest.environments[environment].views.get(subdir)
        if view is None:
            return ()
        return view.pypi if pypi else view.conda

    def home_of(self, environment: str) -> Document:
        """Return the file for an environment's new lines: the first, or where it is declared."""
        documents = list(self.documents.values())
        if environment == DEFAULT_ENVIRONMENT:
            return documents[0]
        return next(document for document in documents if document.environment(environment))

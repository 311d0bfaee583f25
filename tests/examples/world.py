"""What examples reach: channels, an index of PyPI's, a database and a service of advisories."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from examples import projects, runner, told
from examples.projects import BIOCONDA, FORGE, NVIDIA, WHEELS, Project
from examples.runner import Place
from support.advisories import advisory, below, osv_service, write_zip
from support.images import machine_base
from support.packages import PYTHON, build_channel, write_repodata
from support.pypi_index import Index, write_project
from support.server import serve

PROJECTS = {**projects.PROJECTS, **told.PROJECTS}
_MINOR = ".".join(PYTHON.split(".")[:2])
#: Somebody else's vulnerability.
_ELSEWHERE = advisory("GHSA-other", "elsewhere", *below("9"))


def running(manifest: str) -> str:
    """A manifest that asks for the Python that the tests run with, the only one that is there."""
    return manifest.replace("python 3.12.*", f"python {_MINOR}.*")


class World:
    """All of it, in a folder; projects are prepared when they are first asked for.

    Args:
        folder: an empty one.
        index: the URL of the index.
        osv: the URL of the service.
    """

    def __init__(self, folder: Path, index: str, osv: str) -> None:
        self.folder = folder
        self.index = index
        self.osv = osv
        self._places: dict[str, Place] = {}
        self._copies = 0

    @cached_property
    def _programs(self) -> Path:
        return runner.programs(self.folder / "bin")

    @cached_property
    def _channels(self) -> Path:
        folder = self.folder / "channels"
        for name, packages in (("conda-forge", FORGE), ("nvidia", NVIDIA), ("bioconda", BIOCONDA)):
            build_channel(folder / name, packages)
        write_repodata(folder / "ours", [])
        return folder

    def _channels_of(self, name: str, project: Project) -> Path:
        """The folder of a project's channels."""
        if not project.packages:
            return self._channels
        folder = self.folder / f"channels-of-{name}"
        (build_channel if project.installs else write_repodata)(
            folder / "conda-forge", project.packages
        )
        return folder

    def real(self, text: str) -> str:
        """A text of a page with what its example addresses are here."""
        return (
            text.replace("https://conda.example.com", self._channels.as_uri())
            .replace("https://wheels.example.com/simple", f"{self.index}/pypi/simple")
            .replace("https://api.osv.dev", self.osv)
            .replace("/media/stick", "stick")
        )

    def place(self, name: str) -> Place:
        """A copy of a project as it has been prepared."""
        if name not in self._places:
            self._places[name] = self._prepare(name, PROJECTS[name])
        self._copies += 1
        place = runner.copy(self._places[name], self.folder / f"{name}-{self._copies}")
        self._run(place, PROJECTS[name].then)
        return place

    def _prepare(self, name: str, project: Project) -> Place:
        channels = self._channels_of(name, project)
        index = f"{self.index}/{project.index}/simple"
        own = {"CONDA_MULTIPLAT_PYPI_INDEX": index, **project.environ}
        self._copies += 1
        folder = self.folder / f"{name}-{self._copies}"
        place = runner.place(folder, self._programs, own)
        url = f"{self.index}/{channels.name}" if project.served else channels.as_uri()
        alias = f"channel_alias: {url}\nplugins: {{multiplat_osv_url: {self.osv}}}\n"
        (place.host.home / ".condarc").write_text(alias, encoding="utf-8")
        write_project(place.project / "our-package", "our-package", "1.0")
        write_zip(place.project / "osv-pypi.zip", [_ELSEWHERE, *project.advisories])
        if project.base:
            machine_base(place.project / project.base)
        for path, text in project.files.items():
            file = place.project / path
            file.parent.mkdir(parents=True, exist_ok=True)
            own = text if project.packages else running(text)
            file.write_text(self.real(own), encoding="utf-8")
        self._run(place, project.setup)
        return place

    def _run(self, place: Place, commands: str) -> None:
        lines = self.real(commands).splitlines()
        for ended in place.run(lines) if lines else ():
            assert ended.code == 0, f"{ended.command}\n{ended.output}"


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world, for as long as its servers run."""
    index = Index(folder / "pypi", dated=True)
    for name, version, *requires in WHEELS:
        index.wheel(name, version, requires=requires, stated=["License: BSD License"])
    sources = Index(folder / "sources")
    sources.wheel("robosuite", requires=["evdev; sys_platform == 'linux'"])
    sources.sdist("evdev", "2.0.0")
    with serve(folder) as served, osv_service([_ELSEWHERE]) as service:
        yield World(folder, served.url, service.url)

"""``uv pip compile`` for one target: its input and its output."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli

from conda_multiplat.engines.conda.access import cache_folder
from conda_multiplat.engines.pypi import exclude_newer
from conda_multiplat.engines.pypi.free_threaded import free_threaded_python
from conda_multiplat.engines.pypi.index_logins import (
    IndexLogin,
    index_logins,
    logins_in,
    with_login,
)
from conda_multiplat.engines.pypi.listing import Listing, listing_of, local_places
from conda_multiplat.engines.pypi.uv import UvProcesses, pypi_index, uv_environment
from conda_multiplat.engines.pypi.vendor_indexes import SOURCES, sources_project, torch_backend
from conda_multiplat.engines.pypi.wheel_stubs import FOLDER, LOCK, stub
from conda_multiplat.engines.web import UnfetchedError
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.file_locks import shared_lock
from conda_multiplat.manifest.pypi_options import CHOICES
from conda_multiplat.solving.extras import Metadata
from conda_multiplat.solving.pypi import PypiRequest
from conda_multiplat.solving.wheel_tags import NEWEST, platform_tags
from conda_multiplat.vocabulary.channels import scrub, secrets
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.names import VirtualPackage
from conda_multiplat.vocabulary.pip_options import CONSTRAINT, HASH, INDEXES, split_option

#: A system so new that every wheel fits.
NEWEST_SYSTEM = tuple(VirtualPackage(name, version) for name, version in NEWEST.items())
#: uv's exit code if there is no solution.
NO_SOLUTION = 1
#: glibc 2's minor versions that uv has a platform for.
_MANYLINUX = (40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 28, 17)
_MACHINES = {"linux-64": "x86_64", "linux-aarch64": "aarch64"}
_TRIPLES = {
    "osx-64": "x86_64-apple-darwin",
    "osx-arm64": "aarch64-apple-darwin",
    "win-32": "i686-pc-windows-msvc",
    "win-64": "x86_64-pc-windows-msvc",
    "win-arm64": "aarch64-pc-windows-msvc",
    "linux-riscv64": "riscv64-unknown-linux",
}
#: Matches each cause in uv's text of an error; the last match is the original cause.
_CAUSE = re.compile(r"^\s*(?:caused by|cause): (.+)", re.IGNORECASE | re.MULTILINE)
#: An option in uv's hints that is a key of the manifest.
_OPTION = re.compile(rf"`?--(?P<key>{'|'.join(CHOICES)})[ =](?P<value>[a-z0-9.-]+)`?")
#: The beginnings of uv's lines of progress, which are neither errors nor warnings.
_PROSE = (
    *("Resolved ", "Using ", "Audited ", "Prepared ", "Building ", "Built "),
    *("Updating ", "Updated ", "Cloning ", "Cloned "),
)
#: Warnings about this machine, which needs no Python of the target's version.
_OF_THIS_MACHINE = ("The requested Python version", "`VIRTUAL_ENV=")


def triple(subdir: str, packages: Iterable[VirtualPackage]) -> str | None:
    """Return uv's name of a platform, with the newest glibc that is promised; ``None`` if none."""
    if subdir not in _MACHINES:
        return _TRIPLES.get(subdir)
    manylinux = [tag for tag in platform_tags(subdir, packages) if "manylinux_2_" in tag]
    minors = {int(tag.split("_")[2]) for tag in manylinux}
    newest = next((minor for minor in _MANYLINUX if minor in minors), None)
    return f"{_MACHINES[subdir]}-manylinux_2_{newest}" if newest else None


@dataclass(frozen=True)
class Compiler:
    """Runs uv for one request.

    Attributes:
        settings: for the cache, the proxy, TLS, and whether to use the network.
        base: the manifest's folder, where uv runs and to which paths are relative.
        folder: an empty folder for uv's files.
        request: the request.
        processes: runs uv.
        extras: project from conda -> what its extras need; ``None`` if no index states it.
        named: the projects that are looked up in an index of their own.
    """

    settings: Settings
    base: Path
    folder: Path
    request: PypiRequest
    processes: UvProcesses
    extras: Mapping[str, Metadata | None] = field(default_factory=dict)
    named: frozenset[str] = frozenset()

    @property
    def entries(self) -> list[str]:
        """The entries of ``pip:`` as uv reads them."""
        lines = self.request.requirements
        entries = [entry for requirement in lines for entry in _for_uv(requirement.text)]
        logins = index_logins(os.environ)
        return [_with_login(entry, logins) for entry in entries] if logins else entries

    @property
    def options(self) -> list[str]:
        """The entries that state where packages come from."""
        return [entry for entry in self.entries if entry.startswith("-") and entry[:2] != "-e"]

    def lock(
        self,
        entries: Sequence[str],
        *arguments: str,
        without: Collection[str] = (),
        packages: Iterable[VirtualPackage] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Resolve into :meth:`pylock`.

        uv keeps the versions of an existing output file if they still fit: so the versions of the
        request's preferred records are written there first.

        Args:
            entries: the entries to resolve.
            arguments: further options.
            without: projects that conda provides, but that are taken from an index nevertheless.
            packages: the virtual packages to assume instead of the promised ones.
        """
        lines = ['lock-version = "1.0"', 'created-by = "conda-multiplat"']
        for package in self.request.preferred:
            if package.sha256 and not package.is_folder:
                lines += [
                    "[[packages]]",
                    f'name = "{package.name}"',
                    f'version = "{package.version}"',
                ]
        output = self.folder / "pylock.toml"
        output.unlink(missing_ok=True)
        if "[[packages]]" in lines:
            output.write_text("\n".join(lines) + "\n", encoding="utf-8")
        form = ("--format", "pylock.toml", "--output-file", str(output))
        return self._run(entries, *form, *arguments, without=without, packages=packages)

    def pylock(self) -> dict[str, Any]:
        """Return the result of :meth:`lock` (PEP 751)."""
        return tomli.loads((self.folder / "pylock.toml").read_text(encoding="utf-8"))

    def listing(self) -> Listing:
        """Return which projects each project of :meth:`pylock` needs, and with which extras.

        uv states this only in another format. It has just downloaded everything for it: a second
        run, for the versions of the first, is immediate and uses only the cache.
        """
        packages = self.pylock().get("packages", ())
        pins = [
            f"{package['name']}=={package['version']}"
            for package in packages
            if "version" in package
        ]
        form = ("--annotation-style", "line", "--no-strip-extras")
        done = self._run(self.entries, *form, "--offline", pins=pins)
        if done.returncode != 0:
            done = self._run(self.entries, *form, pins=pins)
            self.check(done)
        return listing_of(done.stdout, local_places(self.pylock(), self.folder))

    def fetch(self, entry: str, folder: Path) -> None:
        """Unpack one file into a folder, whatever system it is for, without its dependencies.

        Raises:
            UnfetchedError: it can't be downloaded or unpacked.
        """
        target = self.request.target
        command = [
            *("pip", "install", "--quiet", "--no-deps", "--target", str(folder)),
            *("--requirements", "-"),  # other users can read a command line
            *("--python", self._interpreter(), "--no-python-downloads"),
            *("--python-version", self.request.python),
            *("--python-platform", str(triple(target.subdir, NEWEST_SYSTEM))),
            *(["--offline"] if self.settings.offline else []),
        ]
        environ = uv_environment(self.settings, self.folder, self.options)
        done = self.processes.run(command, environ, self.base, f"{entry}\n")
        if done.returncode != 0:
            message = self.message(done)
            causes = _CAUSE.findall(message)
            raise UnfetchedError(causes[-1] if causes else message.partition("\n")[0])

    def with_login(self, url: str) -> str:
        """Return a file's URL with the login for its host, from the user's settings or manifest."""
        named = [split_option(entry)[1] for entry in self.options]
        named += [url for _, url in self.request.target.pypi_options.indexes]
        urls = [*map(os.path.expandvars, named), pypi_index(self.settings)]
        return with_login(url, [*index_logins(os.environ), *logins_in(urls)])

    def indexes(self) -> list[str]:
        """Return the URLs of the indexes that uv uses, including its own configuration's."""
        done = self._run(self.options, "--emit-index-url")
        lines = [line.partition(" ") for line in done.stdout.splitlines()]
        return [url for option, _, url in lines if option in ("--index-url", "--extra-index-url")]

    def check(self, done: subprocess.CompletedProcess[str]) -> None:
        """Raise an error if uv failed.

        Raises:
            OutsideError: an index or a file can't be read.
        """
        if done.returncode != 0:
            raise OutsideError(
                f"the PyPI packages of {self.request.target} can't be resolved",
                details=[self.message(done)],
                hints=["nothing was written; check the index, the network and the proxy"],
            )

    def message(self, done: subprocess.CompletedProcess[str]) -> str:
        """Return uv's error message without warnings and credentials."""
        messages, _ = _messages_and_warnings(done.stderr)
        text = _OPTION.sub(_as_key, "\n".join(messages).strip().removeprefix("error: "))
        return self._scrubbed(exclude_newer.in_our_words(text))

    def warnings(self, done: subprocess.CompletedProcess[str]) -> list[str]:
        """Return uv's warnings, one line each, except those about this machine only."""
        _, warnings = _messages_and_warnings(done.stderr)
        lines = [line for line in warnings if not line.startswith(_OF_THIS_MACHINE)]
        return list(map(self._scrubbed, dict.fromkeys(lines)))

    def _scrubbed(self, text: str) -> str:
        lines = [requirement.text for requirement in self.request.requirements]
        lines += [url for _, url in self.request.target.pypi_options.indexes]
        lines += [
            pypi_index(self.settings),
            *(login.url.geturl() for login in index_logins(os.environ)),
        ]
        urls = map(os.path.expandvars, lines)
        return scrub(text, secrets([*urls, *os.environ.values()]))

    def _run(
        self,
        entries: Sequence[str],
        *arguments: str,
        without: Collection[str] = (),
        pins: Iterable[str] = (),
        packages: Iterable[VirtualPackage] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        target = self.request.target
        promised = tuple(target.virtual_packages if packages is None else packages)
        constraints = self.folder / "constraints.txt"
        command = [
            *("pip", "compile", "-", *self._sources(), "--no-progress", "--no-header"),
            *("--color", "never"),
            *("--python", self._interpreter(), "--no-python-downloads"),
            *("--python-version", self.request.python),
            *("--python-platform", str(triple(target.subdir, promised))),
            *self._choices(),
            *exclude_newer.arguments(self.request.cuts),
            *(["--offline"] if self.settings.offline and "--offline" not in arguments else []),
            *arguments,
        ]
        environ = uv_environment(self.settings, self.folder, self.options)
        if version := next(
            (package.version for package in promised if package.name == "__osx"), ""
        ):
            environ["MACOSX_DEPLOYMENT_TARGET"] = version
        stubs = cache_folder(self.settings) / FOLDER
        stubs.mkdir(exist_ok=True)
        with shared_lock(stubs / LOCK):
            lines = [*self._constraints(stubs, without), *pins]
            if lines:  # uv warns of an empty file
                constraints.write_text("\n".join(lines) + "\n", encoding="utf-8")
                command += ["--constraints", str(constraints)]
            return self.processes.run(command, environ, self.base, "\n".join(entries) + "\n")

    def _interpreter(self) -> str:
        """Return the Python that uv runs; its version and platform play no part."""
        if not self.request.free_threaded:
            return sys.executable
        return str(free_threaded_python(self.folder / "free-threaded"))

    def _choices(self) -> list[str]:
        """Return the options for choosing versions: ``--pre``, and the keys of ``pypi:``."""
        pre = any(requirement.text == "--pre" for requirement in self.request.requirements)
        stated = self.request.target.pypi_options.choices()
        backend = {"torch-backend": torch_backend(self.request)}
        choices = {**({"prerelease": "allow"} if pre else {}), **stated, **backend}
        return [f"--{key}={value}" for key, value in choices.items() if value]

    def _sources(self) -> list[str]:
        """Write a project that states which projects have an index of their own, if any."""
        if not self.named:
            return []
        file = self.folder / SOURCES / "pyproject.toml"
        file.parent.mkdir(exist_ok=True)
        file.touch(mode=0o600)  # an index's URL can have a password
        text = sources_project(self.request.target.pypi_options, self.named)
        file.write_text(text, encoding="utf-8")
        return [str(file)]

    def _metadata(self, name: str) -> Metadata:
        return self.extras.get(name) or Metadata()

    def _constraints(self, stubs: Path, without: Collection[str]) -> list[str]:
        """Return conda's packages as stubs in a folder, and the lines of constraints files."""
        provided = [package for package in self.request.provided if package.name not in without]
        lines = [
            f"{package.name} @ "
            f"{stub(stubs, package.name, package.version, self._metadata(package.name))}"
            for package in provided
        ]
        texts = [requirement.text for requirement in self.request.requirements]
        stated = [text.removeprefix(CONSTRAINT) for text in texts if text.startswith(CONSTRAINT)]
        return [*lines, *stated, *self.request.bound]


def _as_key(option: re.Match[str]) -> str:
    """Return an option that uv suggests as the manifest's key."""
    return f"`multiplat: {{pypi: {{{option['key']}: {option['value']}}}}}`"


def _messages_and_warnings(text: str) -> tuple[list[str], list[str]]:
    """Return uv's lines other than progress and warnings, and each warning's first line."""
    messages: list[str] = []
    warnings: list[str] = []
    of_warning = False
    for line in text.splitlines():
        if line.startswith("warning: "):
            of_warning = True
            warnings.append(line.removeprefix("warning: "))
        elif not (of_warning and line.startswith(" ")):
            of_warning = False
            messages += [] if line.lstrip().startswith(_PROSE) else [line]
    return messages, warnings


def _for_uv(entry: str) -> list[str]:
    """Return an entry of ``pip:`` as uv's lines; empty if uv gets it in another way."""
    if entry.startswith((CONSTRAINT, HASH)) or entry in ("--pre", "--require-hashes"):
        return []
    option, value = split_option(entry)
    if option in ("--no-binary", "--only-binary"):
        return [f"{option} {name}" for name in value.replace(",", " ").split()]
    return [f"{option} {value}".strip() if option else entry]


def _with_login(entry: str, logins: Sequence[IndexLogin]) -> str:
    """Return an entry; if it names an index, with the user's login for it."""
    option, value = split_option(entry)
    return f"{option} {with_login(value, logins)}" if option in INDEXES else entry

"""``multiplat: pypi:``: how versions of PyPI packages are chosen, the same on every machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.names import did_you_mean, project_name
from conda_multiplat.vocabulary.yaml_nodes import Reader

#: The CUDA versions of PyTorch's indexes, as uv names them, the newest first.
CUDA_BACKENDS = (
    *("cu132", "cu130", "cu129", "cu128", "cu126", "cu125", "cu124", "cu123", "cu122", "cu121"),
    *("cu120", "cu118", "cu117", "cu116", "cu115", "cu114", "cu113", "cu112", "cu111", "cu110"),
    *("cu102", "cu101", "cu100", "cu92", "cu91", "cu90", "cu80"),
)
NO_BACKEND = "none"
#: Keys and the values that uv accepts, its default first. ``torch-backend`` has only those that do
#: not depend on the machine that locks, and our ``none`` for PyPI's packages.
CHOICES = {
    "resolution": ("highest", "lowest", "lowest-direct"),
    "prerelease": ("if-necessary-or-explicit", "if-necessary", "explicit", "allow", "disallow"),
    "index-strategy": ("first-index", "unsafe-first-match", "unsafe-best-match"),
    "torch-backend": (
        *(NO_BACKEND, "cpu", *CUDA_BACKENDS),
        *("rocm7.2", "rocm7.1", "rocm7.0", "rocm6.4", "rocm6.3", "rocm6.2.4", "rocm6.2"),
        *("rocm6.1", "rocm6.0", "rocm5.7", "rocm5.6", "rocm5.5", "rocm5.4.2", "rocm5.4"),
        *("rocm5.3", "rocm5.2", "rocm5.1.1", "rocm4.2", "rocm4.1", "rocm4.0.1", "xpu"),
    ),
}
#: The maximum number of values in a message.
_FEW = 9
PYPI = (*CHOICES, "indexes", "sources", "file-hosts")
_PROJECT = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
INDEX_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?"
INDEX_URL = r"(https?|file)://.|\$\{"
FILE_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?"


class PypiOptions(NamedTuple):
    """The values in the manifest; ``""`` means uv's default.

    Attributes:
        resolution: whether the newest or the oldest versions that fit are chosen.
        prerelease: when pre-releases count.
        index_strategy: which of several indexes a package may come from.
        torch_backend: the accelerator of PyTorch's packages; ``none`` takes them from PyPI.
        indexes: name -> URL of indexes that are used only by ``sources``; ``${VARIABLES}`` as
            written.
        sources: project -> name of the index that it comes from.
        file_hosts: further servers that may have the files of indexes, ``host`` or ``host:port``.
            They don't decide what is locked, so they are in no digest.
    """

    resolution: str = ""
    prerelease: str = ""
    index_strategy: str = ""
    torch_backend: str = ""
    indexes: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    file_hosts: tuple[str, ...] = ()

    def choices(self) -> dict[str, str]:
        """Return the values that are plain words, by key."""
        words = (self.resolution, self.prerelease, self.index_strategy, self.torch_backend)
        return {key: value for key, value in zip(CHOICES, words, strict=True) if value}

    def content(self) -> dict[str, Any]:
        """Return the values that have an effect, without logins, for a digest."""
        urls = dict(self.indexes)
        used = {name: public_name(urls[name]) for _, name in self.sources}
        more = {"indexes": used, "sources": dict(self.sources)} if self.sources else {}
        return {**self.choices(), **more}


def combine_options(options: Sequence[PypiOptions]) -> PypiOptions:
    """Combine the options of several files: later values take precedence; all indexes are kept."""
    choices: dict[str, str] = {}
    indexes: dict[str, str] = {}
    sources: dict[str, str] = {}
    for option in options:
        choices |= option.choices()
        indexes |= dict(option.indexes)
        sources |= dict(option.sources)
    hosts = {host for option in options for host in option.file_hosts}
    return _options(choices, indexes, sources, hosts)


def _options(
    choices: Mapping[str, str],
    indexes: Mapping[str, str],
    sources: Mapping[str, str],
    hosts: Iterable[str],
) -> PypiOptions:
    words = PypiOptions(*(choices.get(key, "") for key in CHOICES))  # type: ignore[arg-type]
    return words._replace(
        indexes=tuple(sorted(indexes.items())),
        sources=tuple(sorted(sources.items())),
        file_hosts=tuple(sorted(hosts)),
    )


def is_index(url: str) -> bool:
    """Return whether a text can be an index's URL."""
    return bool(re.match(INDEX_URL, url))


def read_pypi_options(reader: Reader, node: yaml.Node) -> PypiOptions:
    """Read the value of ``pypi:``, adding problems to ``reader``."""
    reader.no_selectors(node, "pypi")
    keys = reader.known(node, "pypi", PYPI)
    chosen = {
        name: _word(reader, name, child) for name, (_, child) in keys.items() if name in CHOICES
    }
    indexes = _indexes(reader, keys["indexes"][1]) if "indexes" in keys else {}
    sources = _sources(reader, keys["sources"][1], indexes) if "sources" in keys else {}
    hosts = _hosts(reader, keys["file-hosts"][1]) if "file-hosts" in keys else set()
    return _options(chosen, indexes, sources, hosts)


def _word(reader: Reader, name: str, node: yaml.Node) -> str:
    text = reader.text(node, name)
    if text and text.value not in CHOICES[name]:
        known = CHOICES[name]
        few = ", ".join(known) if len(known) < _FEW else "none, cpu, cu129 or another that uv knows"
        hint = did_you_mean(text.value, known, f"write {few}")
        reader.problem(text.at, f"unknown {name} {text.value!r}", hint)
    return text.value if text else ""


def _indexes(reader: Reader, node: yaml.Node) -> dict[str, str]:
    indexes: dict[str, str] = {}
    for name, (key, child) in reader.mapping(node, "indexes").items():
        url = reader.text(child, f"the index {name}")
        if not re.fullmatch(INDEX_NAME, name):
            hint = "write letters, digits, `-`, `_` and `.`"
            reader.problem(key.at, f"{name!r} is not a valid name for an index", hint)
        elif url and not is_index(url.value):
            hint = "write its URL, for example https://wheels.example.com/simple"
            reader.problem(url.at, f"the index {name} has no valid URL: {url.value!r}", hint)
        elif url:
            indexes[name] = url.value
    return indexes


def _sources(reader: Reader, node: yaml.Node, indexes: Mapping[str, str]) -> dict[str, str]:
    sources: dict[str, str] = {}
    for name, (key, child) in reader.mapping(node, "sources").items():
        index = reader.text(child, f"the source of {name}")
        if not re.fullmatch(_PROJECT, name):
            hint = "write only a project's name: `torch: pytorch`"
            reader.problem(key.at, f"{name!r} is not the name of a PyPI project", hint)
        elif index and index.value not in indexes:
            hint = did_you_mean(index.value, indexes, "add its URL under `indexes`")
            reader.problem(index.at, f"no index {index.value!r} under pypi: indexes", hint)
        elif index:
            sources[project_name(name)] = index.value
    return sources


def _hosts(reader: Reader, node: yaml.Node) -> set[str]:
    hosts: set[str] = set()
    for text in reader.texts(node, "file-hosts"):
        if not re.fullmatch(FILE_HOST, text.value):
            hint = "write only the server's name: files.example.com, or files.example.com:8443"
            reader.problem(text.at, f"{text.value!r} is not the name of a server", hint)
        else:
            hosts.add(text.value.lower())
    return hosts

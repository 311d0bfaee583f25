"""uv's settings on this machine: what uv is given of them, and what it is not.

What decides versions is the manifest's alone, so that two people lock the same. Of a machine's
settings uv gets those that say how to reach an index: credentials, certificates, proxies, the
cache, patience. They are a list of what is passed on: a setting of a uv to come is left out until
it is known what it does. An index in PyPI's place (``UV_DEFAULT_INDEX``) can have other packages,
and is not passed on: that it is a mirror is for the user to say, in a setting of ours.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from conda_multiplat.machine.files import shown
from conda_multiplat.machine.hook_settings import PYPI_INDEX_VARIABLE

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

#: uv's environment variables that are passed on.
_ACCESS_VARIABLES = re.compile(
    "UV_(CACHE_DIR|NO_CACHE|OFFLINE|KEYRING_PROVIDER|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS"
    "|CREDENTIALS_DIR|LINK_MODE|GITHUB_TOKEN|AUTH_TOKEN|HTTP_[A-Z_]+|REQUEST_TIMEOUT|LOCK_TIMEOUT"
    "|CONCURRENT_[A-Z_]+)"
)
#: Keys of ``uv.toml`` that are passed on; those of its table ``pip`` too.
_ACCESS_KEYS = (
    *("cache-dir", "no-cache", "offline", "keyring-provider", "link-mode"),
    *("allow-insecure-host", "native-tls", "system-certs", "http-proxy", "https-proxy", "no-proxy"),
    *("concurrent-builds", "concurrent-downloads", "concurrent-installs"),
)
#: Settings that decide what is locked; what is left out and not of these has no effect anyway.
_DECIDING = (
    *("default-index", "index-url", "index", "extra-index-url", "no-index", "find-links"),
    *("index-strategy", "resolution", "prerelease", "fork-strategy", "torch-backend"),
    *("exclude-newer", "exclude-newer-package", "exclude", "exclude-dependencies"),
    *("constraint", "constraint-dependencies", "override", "override-dependencies"),
    *("build-constraint", "build-constraint-dependencies", "dependency-metadata", "sources"),
    *("no-binary", "no-binary-package", "only-binary", "no-build", "no-build-package"),
    *("no-build-isolation", "no-build-isolation-package", "no-sources", "no-sources-package"),
    *("config-setting", "config-settings", "config-settings-package", "extra", "all-extras"),
    *("no-deps", "require-hashes", "upgrade", "upgrade-package", "python-platform"),
    *("python-version", "universal", "extra-build-dependencies", "conflicts", "environments"),
)
#: Of those, what holds where the manifest says nothing of it.
EXCLUDE_NEWER = ("exclude-newer", "exclude-newer-package")
#: Of those, what puts an index in PyPI's place.
_IN_PLACE_OF_PYPI = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "index-url in ", "index in ")
#: Variables of other programs that uv reads, and the settings that they stand for.
_OTHERS = ("MACOSX_DEPLOYMENT_TARGET", "ANDROID_API_LEVEL", "IPHONEOS_DEPLOYMENT_TARGET")
#: What of our surroundings would change uv's answer by accident: the active environment.
_ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV")


class _File(NamedTuple):
    """A file of settings, as far as it can be read."""

    path: Path
    settings: Mapping[str, Any]


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv: nothing in it decides what is locked."""
    return {
        name: value
        for name, value in environ.items()
        if name not in (*_OTHERS, *_ACTIVE)
        and (not name.startswith("UV_") or _ACCESS_VARIABLES.fullmatch(name))
    }


def access_file(environ: Mapping[str, str]) -> str:
    """The user's and the system's settings of access, as a ``uv.toml``; ``""`` if there are none.

    The user's settings win over the system's, as uv has it.
    """
    settings: dict[str, Any] = {}
    pip: dict[str, Any] = {}
    for file in _machine_files(environ):
        for table, into in ((file.settings, settings), (file.settings.get("pip", {}), pip)):
            for key in _ACCESS_KEYS:
                if key in table and key not in into:
                    into[key] = table[key]
    lines = _toml(settings)
    return (
        "\n".join([*lines, *(["[pip]", *_toml(pip)] if pip else []), ""]) if settings or pip else ""
    )


class UvsExcludeNewer(NamedTuple):
    """What uv would leave out as too new; ``""`` and nothing where it would not.

    Attributes:
        everything: the instant or the duration.
        packages: the same for projects by name; ``false`` for those that it lets through.
        where: the setting as a user would find it.
    """

    everything: str
    packages: Mapping[str, str]
    where: str


def exclude_newer(environ: Mapping[str, str], folder: Path) -> UvsExcludeNewer:
    """What uv's settings around ``folder`` say of what is too new; the nearest file counts."""
    everything, where = environ.get("UV_EXCLUDE_NEWER", ""), "UV_EXCLUDE_NEWER"
    packages: dict[str, str] = {}
    for file in (*_project_files(folder), *_machine_files(environ)):
        for table in (file.settings.get("pip", {}), file.settings):
            if not everything and "exclude-newer" in table:
                everything = str(table["exclude-newer"])
                where = f"exclude-newer in {shown(file.path)}"
            own = table.get("exclude-newer-package", {})
            for name, value in own.items() if isinstance(own, dict) else ():
                packages.setdefault(str(name), str(value).lower() if value is False else str(value))
    return UvsExcludeNewer(everything, packages, where if everything else "exclude-newer-package")


def warning(
    environ: Mapping[str, str], folder: Path, pypi_index: str, *, without: Collection[str] = ()
) -> str:
    """What to say of the settings around ``folder`` that have no effect; ``""`` without any.

    Args:
        environ: the environment variables.
        folder: the manifest's.
        pypi_index: what stands for PyPI on this machine, if anything does.
        without: the settings that have an effect.
    """
    names = left_out(environ, folder, without)
    if not names:
        return ""
    text = (
        f"warning: a lock must not depend on who locks: {', '.join(names)} has no effect; "
        "write what is to hold for everybody under `pip:` or `multiplat: pypi:`"
    )
    if pypi_index or not any(name.startswith(_IN_PLACE_OF_PYPI) for name in names):
        return text
    return f"{text}. Where only a mirror of PyPI can be reached: {PYPI_INDEX_VARIABLE}=URL"


def left_out(environ: Mapping[str, str], folder: Path, without: Collection[str] = ()) -> list[str]:
    """The settings around ``folder`` that would decide what is locked, and don't.

    Returns:
        Each as a user would find it: ``UV_RESOLUTION``, ``resolution in ~/.config/uv/uv.toml``.
    """
    deciding = [name for name in _DECIDING if name not in without]
    variables = [
        name
        for name, value in sorted(environ.items())
        if value and name.startswith("UV_") and name[3:].lower().replace("_", "-") in deciding
    ]
    keys = [
        f"{key} in {shown(file.path)}"
        for file in (*_project_files(folder), *_machine_files(environ))
        for table in (file.settings, file.settings.get("pip", {}))
        for key in table
        if key in deciding
    ]
    return [*variables, *dict.fromkeys(keys)]


def machine_settings(environ: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """The tables of the user's and the system's files that can name indexes."""
    for file in _machine_files(environ):
        yield file.settings
        yield file.settings.get("pip", {})


def _toml(settings: Mapping[str, Any]) -> list[str]:
    """Strings, numbers, booleans and lists of them are written alike in JSON and TOML."""
    return [f"{key} = {json.dumps(value)}" for key, value in settings.items()]


def _machine_files(environ: Mapping[str, str]) -> Iterator[_File]:
    """The user's settings, then the system's; or the one file that is named."""
    if named := environ.get("UV_CONFIG_FILE"):
        yield from _read(Path(named))
        return
    if environ.get("UV_NO_CONFIG"):
        return
    for folder in _config_folders(environ):
        yield from _read(folder / "uv" / "uv.toml")


def _config_folders(environ: Mapping[str, str]) -> Iterator[Path]:
    if os.name == "nt":
        names = ("APPDATA", "PROGRAMDATA")
        yield from (Path(environ[name]) for name in names if environ.get(name))
        return
    home = environ.get("HOME", "")
    own = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    if own:
        yield Path(own)
    yield from map(Path, filter(None, environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")))
    yield Path("/etc")


def _project_files(folder: Path) -> Iterator[_File]:
    """The nearest ``uv.toml`` or ``[tool.uv]`` at ``folder`` or above, which uv would take."""
    for place in (folder, *folder.parents):
        settings = [*_read(place / "uv.toml"), *_read(place / "pyproject.toml", "tool", "uv")]
        if settings:
            yield from settings
            return


def _read(path: Path, *tables: str) -> Iterator[_File]:
    settings = _parsed(path)
    for table in tables:
        settings = settings.get(table, {}) if isinstance(settings, dict) else {}
    if settings and isinstance(settings, dict):
        yield _File(path, settings)


@cache
def _parsed(path: Path) -> dict[str, Any]:
    """A file's content; nothing where there is none that can be read, which is uv's to report."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}

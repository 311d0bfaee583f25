"""uv's settings on this machine: which are passed on to uv, and which are not.

Only the manifest decides versions, so that everybody gets the same lock. Of a machine's settings uv
gets those for access to indexes: credentials, certificates, proxies, the cache, timeouts. This is a
list of what is passed on, so that settings of future versions of uv are left out until their effect
is known. An index in PyPI's place (``UV_DEFAULT_INDEX``) can have other packages and is not passed
on; if it is a mirror, the user has to say so in our own setting.
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
#: Keys of ``uv.toml`` and of its table ``pip`` that are passed on.
_ACCESS_KEYS = (
    *("cache-dir", "no-cache", "offline", "keyring-provider", "link-mode"),
    *("allow-insecure-host", "native-tls", "system-certs", "http-proxy", "https-proxy", "no-proxy"),
    *("concurrent-builds", "concurrent-downloads", "concurrent-installs"),
)
#: Settings that decide versions; those neither here nor passed on have no effect anyway.
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
#: Those of them that apply if the manifest states nothing.
EXCLUDE_NEWER = ("exclude-newer", "exclude-newer-package")
#: How the names of those that replace PyPI begin.
_IN_PLACE_OF_PYPI = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "index-url in ", "index in ")
#: Variables of other programs that uv reads too.
_OTHERS = ("MACOSX_DEPLOYMENT_TARGET", "ANDROID_API_LEVEL", "IPHONEOS_DEPLOYMENT_TARGET")
#: Variables that would change uv's result by accident: the active environment.
_ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV")


class _File(NamedTuple):
    """A settings file, as far as it can be read."""

    path: Path
    settings: Mapping[str, Any]


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables for uv, without any that decide versions."""
    return {
        name: value
        for name, value in environ.items()
        if name not in (*_OTHERS, *_ACTIVE)
        and (not name.startswith("UV_") or _ACCESS_VARIABLES.fullmatch(name))
    }


def access_file(environ: Mapping[str, str]) -> str:
    """Return the user's and the system's access settings as a ``uv.toml``; ``""`` without any.

    As in uv, the user's settings override the system's.
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
    """What uv itself would exclude as too new; ``""`` and an empty mapping for nothing.

    Attributes:
        everything: the instant or the duration.
        packages: the same for single projects; ``false`` for exempt ones.
        where: the setting, as a user would find it.
    """

    everything: str
    packages: Mapping[str, str]
    where: str


def exclude_newer(environ: Mapping[str, str], folder: Path) -> UvsExcludeNewer:
    """Return the ``exclude-newer`` of uv's settings around ``folder``; the nearest file counts."""
    everything, where = environ.get("UV_EXCLUDE_NEWER", ""), "UV_EXCLUDE_NEWER"
    packages: dict[str, str] = {}
    for file in (*_project_files(folder), *_machine_files(environ)):
        for table in (file.settings.get("pip", {}), file.settings):
            if not everything and "exclude-newer" in table:
                everything = str(table["exclude-newer"])
                where = f"exclude-newer in {shown(file.path)}"
            stated = table.get("exclude-newer-package", {})
            for name, value in stated.items() if isinstance(stated, dict) else ():
                packages.setdefault(str(name), str(value).lower() if value is False else str(value))
    return UvsExcludeNewer(everything, packages, where if everything else "exclude-newer-package")


def warning(
    environ: Mapping[str, str], folder: Path, pypi_index: str, *, without: Collection[str] = ()
) -> str:
    """Return a warning about ignored settings around ``folder``; ``""`` if there are none.

    Args:
        environ: the environment variables.
        folder: the manifest's folder.
        pypi_index: this machine's replacement for PyPI, if any.
        without: the settings that do have an effect.
    """
    names = left_out(environ, folder, without)
    if not names:
        return ""
    text = (
        f"warning: {', '.join(names)} has no effect, since a lock must not depend on who locks; "
        "write what should apply to everybody under `pip:` or `multiplat: pypi:`"
    )
    if pypi_index or not any(name.startswith(_IN_PLACE_OF_PYPI) for name in names):
        return text
    return f"{text}. If only a mirror of PyPI can be reached, set {PYPI_INDEX_VARIABLE}=URL"


def left_out(environ: Mapping[str, str], folder: Path, without: Collection[str] = ()) -> list[str]:
    """Return the ignored settings around ``folder`` that would decide versions.

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
    """Return the tables of the user's and the system's files that can name indexes."""
    for file in _machine_files(environ):
        yield file.settings
        yield file.settings.get("pip", {})


def has_no_cache(environ: Mapping[str, str]) -> bool:
    """Return whether uv keeps no cache, so that nothing can be linked to the files in it."""
    files = (table.get("no-cache") for table in machine_settings(environ))
    return bool(environ.get("UV_NO_CACHE")) or any(files)


def _toml(settings: Mapping[str, Any]) -> list[str]:
    """Write a value as TOML: strings, numbers, booleans and lists are the same as in JSON."""
    return [f"{key} = {json.dumps(value)}" for key, value in settings.items()]


def _machine_files(environ: Mapping[str, str]) -> Iterator[_File]:
    """Return the user's settings, then the system's; or only the file that a variable names."""
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
    user_folder = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    if user_folder:
        yield Path(user_folder)
    yield from map(Path, filter(None, environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")))
    yield Path("/etc")


def _project_files(folder: Path) -> Iterator[_File]:
    """Return the nearest ``uv.toml`` or ``[tool.uv]`` in ``folder`` or above, as uv finds it."""
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
    """Return a file's content; empty if it can't be read, which uv will report."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}

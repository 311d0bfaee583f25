"""Settings without conda, from the ``.condarc`` files and ``CONDA_*`` variables that conda reads.

The files are read in conda's order, and later ones take precedence: scalars are replaced, mappings
merged, and the lists of later files come first. A value marked ``#!final`` can't be changed by a
later file; the marks ``#!top`` and ``#!bottom`` are ignored.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from conda_multiplat.machine.auth_without_conda import no_handlers
from conda_multiplat.machine.conda_folders import envs_dirs, own_base, pkgs_dirs, root_prefix
from conda_multiplat.machine.conda_settings import (
    ADDS_PIP,
    Settings,
    osv_url_of,
    proxy_servers_of,
    pypi_index_of,
    run_rule_of,
    variables_of,
)
from conda_multiplat.machine.exclude_newer import exclude_newer_of
from conda_multiplat.machine.files import read_text
from conda_multiplat.machine.hook_settings import OSV_URL, PYPI_INDEX, RUN, VARIABLES
from conda_multiplat.vocabulary.channels import CHANNEL_PRIORITIES, ChannelConfig
from conda_multiplat.vocabulary.condas_channels import CONDAS_OWN
from conda_multiplat.vocabulary.errors import DocumentError, Location, ManifestError, Problem
from conda_multiplat.vocabulary.yaml_nodes import yaml_value

_UNIX = ("/etc/conda/", "/var/lib/conda/")
_WINDOWS = ("C:/ProgramData/conda/",)
_FOLDERS = (
    "$CONDA_ROOT/",
    "$MAMBA_ROOT_PREFIX/",
    "$XDG_CONFIG_HOME/conda/",
    "~/.config/conda/",
    "~/.conda/",
)
#: The channels if no file names any. Older condas use `defaults`, newer ones (25.11) none.
_CHANNELS = ("conda-forge",)
_RULES = ("allowlist_channels", "denylist_channels")
_LISTS = ("channels", "default_channels", "envs_dirs", "pkgs_dirs", VARIABLES, *_RULES)
_REMOTE = ("remote_connect_timeout_secs", "remote_read_timeout_secs", "remote_max_retries")
_CLIENT = ("client_ssl_cert", "client_ssl_cert_key")
_SCALARS = (
    *_REMOTE,
    ADDS_PIP,
    "channel_alias",
    "channel_priority",
    *_CLIENT,
    "exclude_newer",
    "offline",
    "root_prefix",
    "ssl_verify",
    "subdir",
)
_ACTIVATION = ("changeps1", "env_prompt", "envvars_force_uppercase")
_MAPS = ("custom_channels", "custom_multichannels", "proxy_servers")
_PACKAGES = "exclude_newer_package"
_ALIASES = {
    "envs_path": "envs_dirs",
    "root_dir": "root_prefix",
    "verify_ssl": "ssl_verify",
    "whitelist_channels": "allowlist_channels",
    "client_cert": "client_ssl_cert",
    "client_cert_key": "client_ssl_cert_key",
    "CHANNELS": "channels",
    "cooldown": "exclude_newer",
    "cooldown_exclude": _PACKAGES,
}
_TRUE = ("true", "yes", "on", "1", "y")
_FALSE = ("false", "no", "off", "0", "n", "")
_FINAL = re.compile(r"^(\w+)[ \t]*:.*#[!#]*final[ \t]*$", re.MULTILINE)


def settings_from_condarc(
    subdir: str,
    environ: Mapping[str, str] | None = None,
    *,
    channel_alias: str = CONDAS_OWN.channel_alias,
) -> Settings:
    """Return the settings of a process without conda, on a machine of platform ``subdir``.

    ``channel_alias`` is the default for that key.

    Raises:
        ManifestError: a file is not YAML, or has a value that conda would refuse too.
    """
    environ = os.environ if environ is None else environ
    values = _merged(environ)
    root = root_prefix(str(values.get("root_prefix", "")), environ)
    config = _channel_config(values, channel_alias)
    certificate, key = _client_certificate(values)
    return Settings(
        subdir=str(values.get("subdir", subdir)),
        channels=tuple(values.get("channels") or _CHANNELS),
        channel_config=config,
        channel_priority=_priority(values.get("channel_priority", "flexible")),
        ssl_verify=_flag_or_path(values.get("ssl_verify", True)),
        client_ssl_cert=certificate,
        client_ssl_cert_key=key,
        proxy_servers=proxy_servers_of(values.get("proxy_servers", {})),
        **{key: _number(key, values[key]) for key in _REMOTE if key in values},
        offline=_flag(values.get("offline", False)),
        pkgs_dirs=pkgs_dirs(values.get("pkgs_dirs", ()), root),
        envs_dirs=envs_dirs(values.get("envs_dirs", ()), root),
        root_prefix=root,
        register_envs=_flag(values.get("register_envs", True)),
        changeps1=_flag(values.get("changeps1", True)),
        env_prompt=str(values.get("env_prompt", Settings.env_prompt)),
        envvars_force_uppercase=_flag(values.get("envvars_force_uppercase", True)),
        variables=lambda: frozenset(values.get(VARIABLES, ())) | variables_of(environ),
        pypi_index=lambda: pypi_index_of(environ, str(values.get(PYPI_INDEX, ""))),
        osv_url=lambda: osv_url_of(environ, str(values.get(OSV_URL, ""))),
        adds_pip=lambda: _flag(values.get(ADDS_PIP, False)),
        run_rule=lambda: run_rule_of(environ, str(values.get(RUN, ""))),
        authorize=no_handlers(values.get("channel_settings", ()), config),
        exclude_newer=lambda: exclude_newer_of(
            values.get("exclude_newer"),
            values.get(_PACKAGES, {}),
            values.get("channel_settings", ()),
        ),
    )


def _client_certificate(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the files of a certificate and of its key, as conda reads them.

    Raises:
        ManifestError: a key has no certificate, which conda refuses too.
    """
    certificate, key = (os.path.expandvars(str(values.get(name) or "")) for name in _CLIENT)
    if key and not certificate:
        raise ManifestError("client_ssl_cert_key is set without client_ssl_cert")
    return certificate, key


def _channel_config(values: Mapping[str, Any], channel_alias: str) -> ChannelConfig:
    groups = values.get("custom_multichannels", {})
    named = tuple(values.get("default_channels", ()))
    own = (
        ((), ())
        if "defaults" in groups
        else (CONDAS_OWN.default_channels, CONDAS_OWN.default_channels_win)
    )
    default, default_win = (named, named) if named else own
    allowed, denied = (tuple(map(os.path.expandvars, values.get(key, ()))) for key in _RULES)
    return ChannelConfig(
        channel_alias=str(values.get("channel_alias", channel_alias)),
        custom_channels=values.get("custom_channels", {}),
        custom_multichannels=groups,
        default_channels=default,
        default_channels_win=default_win,
        allowlist_channels=allowed,
        denylist_channels=denied,
    )


def _merged(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    final: set[str] = set()
    for path in dict.fromkeys(_files(environ)):
        text = read_text(path)
        marked = {_ALIASES.get(key, key) for key in _FINAL.findall(text)}
        for name, value in _load(path, text).items():
            if (key := _ALIASES.get(str(name), str(name))) not in final:
                _require_kind(path, key, value)
                _merge(values, key, value)
        final |= marked
        plugins = values.pop("plugins", None)
        if isinstance(plugins, dict):
            for name in (VARIABLES, PYPI_INDEX, OSV_URL, RUN):
                _require_kind(path, name, plugins.get(name))
                _merge(values, name, plugins.get(name))
    for name in (*_ALIASES, *_LISTS, *_ACTIVATION, *_SCALARS):
        key = _ALIASES.get(name, name)
        if key not in (*final, _PACKAGES) and (text := environ.get(f"CONDA_{name.upper()}", "")):
            _merge(values, key, _split(key, text))
    return values


def _require_kind(path: Path, key: str, value: Any) -> None:
    """Refuse a value of a type that conda does not accept for its key.

    Raises:
        ManifestError: with the file and the key.
    """
    problem = _kind_problem(key, value)
    if value is not None and problem:
        raise ManifestError(f"{path}: {key} {problem}")


def _kind_problem(key: str, value: Any) -> str:
    """Return what is wrong with a value's type; ``""`` if nothing is, or we do not use the key."""
    if key in _LISTS:
        fine = isinstance(value, str) or _is_list(value)
        return "" if fine else "is not a list of text"
    if key == "custom_multichannels":
        fine = isinstance(value, dict) and all(
            isinstance(name, str) and _is_list(channels) for name, channels in value.items()
        )
        return "" if fine else "does not map names to lists of channels"
    if key in (*_MAPS, _PACKAGES):
        kinds = (str, int, date) if key == _PACKAGES else (str,)
        fine = isinstance(value, dict) and all(
            isinstance(name, str) and (entry is None or isinstance(entry, kinds))
            for name, entry in value.items()
        )
        return "" if fine else "does not map text to text"
    if key == "channel_settings":
        fine = isinstance(value, list) and all(isinstance(item, dict) for item in value)
        return "" if fine else "is not a list of mappings"
    if key in (*_SCALARS, *_ACTIVATION, PYPI_INDEX, OSV_URL) and isinstance(value, (dict, list)):
        return "is not one value"
    return ""


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _split(key: str, text: str) -> Any:
    if key not in _LISTS:
        return text
    separator = os.pathsep if key == "envs_dirs" else ","  # as in conda, for `pkgs_dirs` too
    return [part.strip() for part in text.split(separator) if part.strip()]


def _merge(values: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        return
    if key in _LISTS:
        parts = [value] if isinstance(value, str) else [str(part) for part in value]
        values[key] = list(dict.fromkeys([*parts, *values.get(key, [])]))
    elif key == "channel_settings" and isinstance(value, list):
        values[key] = [*values.get(key, []), *value]  # the last one of a channel wins
    elif key in (*_MAPS, _PACKAGES):
        values[key] = {**values.get(key, {}), **value}
    else:
        values[key] = value


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the existing configuration files, those with the lowest priority first.

    For conda, ``$CONDA_ROOT`` is its own prefix, and so is ``$CONDA_PREFIX`` if no environment is
    active.
    """
    if own := own_base():
        conda = {"CONDA_ROOT": str(own), "CONDA_PREFIX": str(own), **environ}
        environ = {**conda, "MAMBA_ROOT_PREFIX": ""}
    system = _WINDOWS if os.name == "nt" else _UNIX
    for folder in (*system, *_FOLDERS):
        yield from _folder(_expand(folder, environ))
    home = Path("~/.condarc").expanduser()
    if home.is_file():
        yield home
    yield from _folder(_expand("$CONDA_PREFIX/", environ))
    named = environ.get("CONDARC")
    if named and Path(named).expanduser().is_file():
        yield Path(named).expanduser()


def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        return
    yield from (folder / name for name in (".condarc", "condarc") if (folder / name).is_file())
    parts = folder / "condarc.d"
    if parts.is_dir():
        yield from sorted(path for path in parts.iterdir() if path.suffix in (".yml", ".yaml"))


def _expand(folder: str, environ: Mapping[str, str]) -> Path | None:
    if folder.startswith("$"):
        variable, _, rest = folder[1:].partition("/")
        return Path(environ[variable]) / rest if environ.get(variable) else None
    return Path(folder).expanduser()


def _load(path: Path, text: str) -> dict[str, Any]:
    try:
        data = yaml_value(text) or {}
    except DocumentError as error:
        problem = Problem(Location(str(path), error.line), error.message)
        raise ManifestError(f"{path} can't be read", problems=[problem]) from None
    if not isinstance(data, dict):
        raise ManifestError(f"{path} is not a mapping")
    return data


def _priority(value: Any) -> str:
    """Return conda's ``channel_priority``, which used to be a boolean."""
    text = str(value).lower()
    text = {"true": "flexible", "false": "disabled"}.get(text, text)
    if text not in CHANNEL_PRIORITIES:
        known = ", ".join(CHANNEL_PRIORITIES)
        raise ManifestError(f"channel_priority can't be {value!r}", hints=[f"write one of {known}"])
    return text


def _number(key: str, value: Any) -> Any:
    """Return a number of the type that conda expects: the number of retries is an integer."""
    kind = int if key == "remote_max_retries" else float
    try:
        number = kind(str(value))
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        raise ManifestError(f"{key}: {value!r} is not {'a whole' if kind is int else 'a'} number")
    return number


def _flag(value: Any) -> bool:
    return str(value).lower() in _TRUE


def _flag_or_path(value: Any) -> bool | str:
    text = str(value)
    if text.lower() in _TRUE:
        return True
    return False if text.lower() in _FALSE else text

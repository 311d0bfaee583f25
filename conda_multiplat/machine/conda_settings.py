"""Settings from conda's context; without conda, :mod:`condarc` reads them from ``.condarc``."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conda_multiplat.machine.exclude_newer import CondasExcludeNewer, exclude_newer_of
from conda_multiplat.machine.hook_settings import (
    CONDAS_OSV_URL_VARIABLE,
    CONDAS_PYPI_INDEX_VARIABLE,
    CONDAS_RUN_VARIABLE,
    CONDAS_VARIABLE,
    CURRENT,
    HOOK_SETTINGS,
    OSV_URL,
    OSV_URL_VARIABLE,
    PYPI_INDEX,
    PYPI_INDEX_VARIABLE,
    RUN,
    RUN_RULES,
    RUN_VARIABLE,
    VARIABLES,
    VARIABLES_VARIABLE,
)
from conda_multiplat.vocabulary.channels import ChannelConfig, public_name
from conda_multiplat.vocabulary.errors import UsageError
from conda_multiplat.vocabulary.names import VirtualPackage

#: The slow virtual package plugins, by the ends of their module names.
_SLOW = {
    "plugins.virtual_packages.archspec": "__archspec",
    "plugins.virtual_packages.cuda": "__cuda",
    "conda_multiplat.plugin": "__cuda_arch",
}
_log = logging.getLogger(__name__)
#: conda's setting that adds pip to every environment with Python.
ADDS_PIP = "add_pip_as_python_dependency"


def _no_header(_url: str) -> str:
    return ""


@dataclass(frozen=True)
class Settings:
    """The settings of a command; fields have the names of conda's keys.

    Attributes:
        subdir: the platform of this machine.
        channels: the channels to use if the manifest names none.
        channel_config: the configuration by which channel names become URLs.
        channel_priority: ``strict``, ``flexible`` or ``disabled``.
        ssl_verify: False for no verification, ``truststore`` for the system's certificates, or the
            path of a CA bundle: a file or a folder.
        client_ssl_cert: the file with the certificate for servers that ask for one, or ``""``.
        client_ssl_cert_key: the file with its key, if that is another one.
        proxy_servers: scheme, ``scheme://host``, ``all://host`` or ``all`` -> proxy URL, which is
            empty if a host is asked without a proxy.
        remote_connect_timeout_secs: how long to wait for a connection, in seconds.
        remote_read_timeout_secs: how long to wait for a server's data, in seconds.
        remote_max_retries: how often to repeat a failed request.
        offline: True if nothing may be fetched.
        pkgs_dirs: conda's package caches; ours is in the first writable one.
        envs_dirs: the folders of named environments.
        root_prefix: conda's base environment, if there is a conda.
        register_envs: whether new environments are added to ``~/.conda/environments.txt``.
        changeps1: whether the prompt shows the active environment.
        env_prompt: the template for the prompt.
        envvars_force_uppercase: whether an environment's variables get upper-case names.
        detect: returns the virtual packages that conda detects, at least those of the given names;
            ``None`` if we have to detect them ourselves.
        conda_version: the version of the conda that we run in; ``""`` without conda.
        elsewhere: True if the work is for another machine, which has what the lock was promised.
        hooks: returns the settings of our hooks in conda's commands; empty without conda.
        variables: the names of the environment variables that a manifest may use.
        pypi_index: returns the URL of the mirror of PyPI; ``""`` for PyPI itself.
        osv_url: returns the URL of the service for advisories; ``""`` for none.
        adds_pip: returns whether conda's configuration itself adds pip to Python.
        run_rule: returns what ``run`` and ``shell`` do if the lock is out of date: ``current``,
            ``locked`` or ``frozen``.
        authorize: returns the ``Authorization`` header for a channel's URL, from the auth handler
            in conda's ``channel_settings``; ``""`` for none, and without conda.
        exclude_newer: returns conda's ``exclude_newer`` settings.
    """

    subdir: str
    channels: Sequence[str] = ()
    channel_config: ChannelConfig = field(default_factory=ChannelConfig)
    channel_priority: str = "strict"
    ssl_verify: bool | str = True
    client_ssl_cert: str = ""
    client_ssl_cert_key: str = ""
    proxy_servers: Mapping[str, str] = field(default_factory=dict)
    remote_connect_timeout_secs: float = 9.15
    remote_read_timeout_secs: float = 60.0
    remote_max_retries: int = 3
    offline: bool = False
    pkgs_dirs: Sequence[Path] = ()
    envs_dirs: Sequence[Path] = ()
    root_prefix: Path | None = None
    register_envs: bool = True
    changeps1: bool = True
    env_prompt: str = "({default_env}) "
    envvars_force_uppercase: bool = True
    detect: Callable[[Collection[str]], tuple[VirtualPackage, ...]] | None = None
    conda_version: str = ""
    elsewhere: bool = False
    hooks: Callable[[], Mapping[str, str]] = dict
    variables: Callable[[], frozenset[str]] = frozenset
    pypi_index: Callable[[], str] = str
    osv_url: Callable[[], str] = str
    adds_pip: Callable[[], bool] = bool
    run_rule: Callable[[], str] = lambda: CURRENT
    authorize: Callable[[str], str] = _no_header
    exclude_newer: Callable[[], CondasExcludeNewer] = CondasExcludeNewer


def settings_from_conda() -> Settings:
    """Return the settings of the conda that we run in, from its context."""
    import conda
    from conda.base.context import context

    return Settings(
        subdir=context.subdir,
        channels=_channels(context),
        channel_config=_channel_config(context),
        channel_priority=str(context.channel_priority),
        ssl_verify=_ssl_verify(context.ssl_verify),
        client_ssl_cert=str(context.client_ssl_cert or ""),
        client_ssl_cert_key=str(context.client_ssl_cert_key or ""),
        proxy_servers=proxy_servers_of(context.proxy_servers or {}),
        remote_connect_timeout_secs=float(context.remote_connect_timeout_secs),
        remote_read_timeout_secs=float(context.remote_read_timeout_secs),
        remote_max_retries=int(context.remote_max_retries),
        offline=bool(context.offline),
        pkgs_dirs=tuple(map(Path, context.pkgs_dirs)),
        envs_dirs=tuple(map(Path, context.envs_dirs)),
        root_prefix=Path(context.root_prefix),
        register_envs=bool(getattr(context, "register_envs", True)),
        changeps1=bool(context.changeps1),
        env_prompt=str(context.env_prompt),
        envvars_force_uppercase=bool(getattr(context, "envvars_force_uppercase", True)),
        detect=detect_with_conda,
        conda_version=str(conda.__version__),
        hooks=hook_settings,
        variables=named_variables,
        pypi_index=named_pypi_index,
        osv_url=named_osv_url,
        adds_pip=adds_pip,
        run_rule=named_run_rule,
        authorize=authorize_with_conda,
        exclude_newer=condas_exclude_newer,
    )


def proxy_servers_of(configured: Mapping[Any, Any]) -> dict[str, str]:
    """Return ``proxy_servers``; a scheme without a proxy is not in it, a host is."""
    proxies = {str(key): str(value or "") for key, value in configured.items()}
    return {key: proxy for key, proxy in proxies.items() if proxy or "://" in key}


def authorize_with_conda(url: str) -> str:
    """Return the ``Authorization`` header of conda's auth handler for a channel.

    A handler modifies a request. It is called with one that is never sent, whose header is
    returned.
    """
    from conda.base.context import context

    if not any(settings.get("auth") for settings in context.channel_settings):
        return ""  # no other channel setting concerns a session
    from conda.gateways.connection.session import get_session
    from requests import Request

    handler = get_session(url).auth
    if not hasattr(handler, "channel_name"):  # conda's own handler, for logins and tokens in URLs
        return ""
    request = Request("GET", f"{url}/noarch/repodata.json", auth=handler).prepare()
    header = str(request.headers.get("Authorization", ""))
    if header.partition(" ")[0].lower() in ("basic", "bearer"):
        return header
    _log.warning(
        "conda-multiplat can't use the auth handler of %s: it sends neither a login nor a bearer "
        "token",
        public_name(url),
    )
    return ""


def condas_exclude_newer() -> CondasExcludeNewer:
    """Return this conda's ``exclude_newer`` settings; conda before 26.9 reads but ignores them."""
    from conda.base.context import context
    from conda.common.configuration import MapParameter, ParameterLoader, PrimitiveParameter

    def value(name: str, alias: str, parameter: Any) -> Any:
        if hasattr(context, name):
            return getattr(context, name)
        loader = ParameterLoader(parameter, aliases=(alias,))
        loader._set_name(name)
        return loader.__get__(context, type(context))

    text = PrimitiveParameter("", element_type=str)
    texts = MapParameter(PrimitiveParameter(None, element_type=(str, type(None))))
    return exclude_newer_of(
        value("exclude_newer", "cooldown", text),
        value("exclude_newer_package", "cooldown_exclude", texts),
        context.channel_settings,
    )


def hook_settings() -> dict[str, str]:
    """Return the settings of our hooks, ``plugins.NAME``, from this conda."""
    from conda.base.context import context

    return {
        f"plugins.{name}": str(getattr(context.plugins, name, default))
        for name, (default, _) in HOOK_SETTINGS.items()
    }


def named_variables() -> frozenset[str]:
    """Return the variables that our variable and ``plugins.multiplat_variables`` list."""
    from conda.base.context import context

    return frozenset(map(str, getattr(context.plugins, VARIABLES, ()))) | variables_of(os.environ)


def variables_of(environ: Mapping[str, str]) -> frozenset[str]:
    """Return the environment variables that our two variables for this purpose list."""
    texts = [environ.get(name, "") for name in (VARIABLES_VARIABLE, CONDAS_VARIABLE)]
    return frozenset(name.strip() for text in texts for name in text.split(",") if name.strip())


def adds_pip() -> bool:
    """Return whether a file or a variable sets ``add_pip_as_python_dependency: true``.

    conda's default does not count, since it will change: see ``docs/in-conda.md``.
    """
    from conda.base.context import context

    is_set = any(ADDS_PIP in source for source in context.collect_all().values())
    return is_set and bool(context.add_pip_as_python_dependency)


def named_pypi_index() -> str:
    """Return the mirror of PyPI from our variable or ``plugins.multiplat_pypi_index``."""
    from conda.base.context import context

    return pypi_index_of(os.environ, str(getattr(context.plugins, PYPI_INDEX, "") or ""))


def pypi_index_of(environ: Mapping[str, str], configured: str) -> str:
    """Return the mirror of PyPI: from a variable, otherwise as configured in a file."""
    names = (PYPI_INDEX_VARIABLE, CONDAS_PYPI_INDEX_VARIABLE)
    return _first_said(environ, names, configured)


def _first_said(environ: Mapping[str, str], names: Iterable[str], configured: str) -> str:
    return next((environ[name] for name in names if environ.get(name)), configured)


def named_osv_url() -> str:
    """Return the service for advisories from our variable or ``plugins.multiplat_osv_url``."""
    from conda.base.context import context

    return osv_url_of(os.environ, str(getattr(context.plugins, OSV_URL, "") or ""))


def osv_url_of(environ: Mapping[str, str], configured: str) -> str:
    """Return the service for advisories: from a variable, otherwise as configured in a file."""
    return _first_said(environ, (OSV_URL_VARIABLE, CONDAS_OSV_URL_VARIABLE), configured)


def named_run_rule() -> str:
    """Return what ``run`` does if the lock is out of date, from our variable or conda's setting."""
    from conda.base.context import context

    return run_rule_of(os.environ, str(getattr(context.plugins, RUN, "") or ""))


def run_rule_of(environ: Mapping[str, str], configured: str) -> str:
    """Return the rule from a variable, otherwise from a file, otherwise ``current``.

    Raises:
        UsageError: the value is invalid.
    """
    names = (RUN_VARIABLE, CONDAS_RUN_VARIABLE)
    where, rule = next(
        ((name, environ[name]) for name in names if environ.get(name)),
        (f"plugins.{RUN}", configured or CURRENT),
    )
    if rule not in RUN_RULES:
        raise UsageError(
            f"{where} can't be {rule!r}", hints=[f"write one of {', '.join(RUN_RULES)}"]
        )
    return rule


def _channel_config(context: Any) -> ChannelConfig:
    """Return the channel keys as configured: conda's ``Channel`` objects lack the credentials.

    The context's keys with an underscore have the configured text; those without have the objects.
    """
    default, default_win = _default_channels(context)
    return ChannelConfig(
        channel_alias=str(context._channel_alias),
        custom_channels={str(k): str(v) for k, v in context._custom_channels.items()},
        custom_multichannels={
            str(name): tuple(map(str, members))
            for name, members in context._custom_multichannels.items()
        },
        default_channels=default,
        default_channels_win=default_win,
        allowlist_channels=tuple(map(str, context.allowlist_channels)),
        denylist_channels=_denylist(context),
    )


def _channels(context: Any) -> tuple[str, ...]:
    """Return the configured channels, including those that conda (from 24.9) refuses.

    If none is configured, some versions warn about ``defaults``. The warning is suppressed: few
    manifests leave the channels to the configuration, and ``lock`` reports those that do.
    """
    from conda.exceptions import ChannelError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return tuple(map(str, context.channels))
        except ChannelError:
            return tuple(map(str, context._channels))


def _default_channels(context: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the channels of ``defaults``, and those for Windows.

    The built-in ones depend on the platform that is solved for, not on the machine, so every
    machine locks the same. In conda from 26.1 ``custom_multichannels`` has priority.
    """
    from conda.base.constants import DEFAULT_CHANNELS_UNIX, DEFAULT_CHANNELS_WIN

    built_in = (DEFAULT_CHANNELS_UNIX, DEFAULT_CHANNELS_WIN)
    configured = tuple(map(str, context._default_channels))
    if configured not in built_in:
        return configured, configured
    groups = context._custom_multichannels
    if "defaults" in groups and tuple(map(str, context.default_channels)) not in built_in:
        return (), ()
    return built_in


def _denylist(context: Any) -> tuple[str, ...]:
    """Return ``denylist_channels``; conda before 24.9 ignores it, so its loader is used here."""
    if not hasattr(context, "denylist_channels"):
        from conda.common.configuration import (
            ParameterLoader,
            PrimitiveParameter,
            SequenceParameter,
        )

        texts = SequenceParameter(PrimitiveParameter("", element_type=str))
        loader = ParameterLoader(texts, expandvars=True)
        loader._set_name("denylist_channels")
        return tuple(map(str, loader.__get__(context, type(context))))
    return tuple(map(str, context.denylist_channels))


def _ssl_verify(value: Any) -> bool | str:
    """Return ``ssl_verify``: a boolean, ``truststore`` (the system's certificates), or a path."""
    if isinstance(value, bool):
        return value
    return str(value)


def detect_with_conda(names: Collection[str]) -> tuple[VirtualPackage, ...]:
    """Return the virtual packages that this conda detects, including overrides.

    Slow detections are skipped unless ``names`` has them: conda looks for a CUDA driver in a
    separate process, which takes most of a second, and reads a large table for the
    microarchitecture. If there obviously is no driver, conda is not asked for one.
    """
    from conda.base.context import context

    manager = context.plugin_manager
    left_out = [plugin for plugin in manager.get_plugins() if not _is_wanted(plugin, names)]
    packages: list[VirtualPackage | None] = []
    for plugin in set(manager.get_plugins()) - set(left_out):
        if _slow_package(plugin) == "__cuda" and (cuda := _cuda(plugin, context)) is not None:
            left_out.append(plugin)
            packages += [VirtualPackage("__cuda", cuda)] if cuda else []
    hook = manager.subset_hook_caller("conda_virtual_packages", remove_plugins=left_out)
    packages += [_virtual_package(package) for group in hook() for package in group]
    return tuple(sorted(package for package in packages if package is not None))


def _cuda(plugin: Any, context: Any) -> str | None:
    """Run conda's CUDA detector without conda, which is faster; ``None`` if conda must run it."""
    from conda_multiplat.machine.gpu_driver import cuda_as_conda

    overridden = "cuda" in getattr(context, "override_virtual_packages", ())
    if overridden or "CONDA_OVERRIDE_CUDA" in os.environ:
        return None
    detector = getattr(plugin, "_cuda_driver_version_detector_target", None)
    return cuda_as_conda(detector) if detector else None


def _is_wanted(plugin: object, names: Collection[str]) -> bool:
    from conda_multiplat.machine.gpu_driver import cuda_possible

    slow = _slow_package(plugin)
    if slow == "__cuda" and not cuda_possible():
        return False
    return slow is None or slow in names


def _slow_package(plugin: object) -> str | None:
    module = str(getattr(plugin, "__name__", ""))
    return next((name for end, name in _SLOW.items() if module.endswith(end)), None)


def _virtual_package(package: Any) -> VirtualPackage | None:
    """Convert an item that conda's hook yields; since 25.11 it can turn out to be no package."""
    if hasattr(package, "to_virtual_package"):
        record = package.to_virtual_package()
        if not getattr(record, "name", None):
            return None
        return VirtualPackage(record.name, str(record.version), str(record.build))
    return VirtualPackage(f"__{package.name}", package.version or "0", package.build or "0")

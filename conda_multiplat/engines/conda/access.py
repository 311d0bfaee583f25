"""rattler's access to channels: URLs, credentials, TLS, proxies, the cache."""

from __future__ import annotations

import asyncio
import atexit
import base64
import inspect
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import rattler

from conda_multiplat.engines.certificates import certificate_variables
from conda_multiplat.engines.conda.specs import engine_spec
from conda_multiplat.engines.conda.stalled_connections import (
    Patience,
    cut_stalled,
    patience,
    whole_limit,
)
from conda_multiplat.engines.proxies import proxied_hosts, scheme_proxies
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.interrupts import asked_to_stop
from conda_multiplat.machine.temporary import temporary_folder
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.channel_rules import require_allowed
from conda_multiplat.vocabulary.channels import (
    channel_urls,
    expand,
    public_name,
    scrub,
    secrets,
    without_login,
)
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.match_spec import parse_spec

_log = logging.getLogger(__name__)
#: In seconds; see :func:`_settle`.
_STEP = 0.002
_PATIENCE = 1.0

T = TypeVar("T")


def cache_folder(settings: Settings) -> Path:
    """Return our cache folder, in conda's first writable package cache."""
    for folder in settings.pkgs_dirs:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "multiplat").mkdir(exist_ok=True)
        except OSError:
            continue
        return folder / "multiplat"
    tried = ", ".join(map(str, settings.pkgs_dirs))
    raise OutsideError(f"no package cache can be written: {tried}", hints=["set pkgs_dirs"])


def repodata_folder(settings: Settings) -> Path:
    """Return rattler's folder for repodata."""
    return cache_folder(settings) / "repodata"


class Channels:
    """Channel names as resolved in this run, with their credentials."""

    def __init__(self, settings: Settings, base: Path) -> None:
        self._settings = settings
        self._base = base
        self._credentialed: dict[str, str] = {}
        self._headers: dict[str, str] = {}  # URL -> what conda's auth handler sends

    def urls(self, name: str, subdir: str = "") -> list[str]:
        """Return the public base URLs of a channel for a platform."""
        config = self._settings.channel_config
        named = self._settings.variables() if "$" in name else ()
        full_urls = channel_urls(expand(name, os.environ, named), config, self._base, subdir)
        self._credentialed |= {
            public_name(url): url for url in full_urls if public_name(url) != url
        }
        public = [public_name(url) for url in full_urls]
        for url in public:
            if url not in self._headers:
                self._headers[url] = self._settings.authorize(url)
        return public

    @property
    def restricted(self) -> bool:
        """Return whether conda's configuration restricts the channels."""
        config = self._settings.channel_config
        return bool(config.allowlist_channels or config.denylist_channels)

    def require_allowed(self, urls: Iterable[str]) -> None:
        """Refuse channels that conda's configuration does not allow, by their base URLs.

        Raises:
            ChannelRefusedError: with all of them.
        """
        require_allowed(urls, self._settings.channel_config, self._base)

    @property
    def mirrors(self) -> dict[str, str]:
        """Return public URL -> the URL to download from, if that has a token."""
        fetched = {public: without_login(url) for public, url in self._credentialed.items()}
        return {public: url for public, url in fetched.items() if url != public}

    @property
    def logins(self) -> dict[str, dict[str, Any]]:
        """Return host -> user and password, as in rattler's file of credentials."""
        by_host: dict[str, dict[str, Any]] = {}
        for url in self._credentialed.values():
            parts = urlsplit(url)
            if parts.username is not None and parts.hostname:
                by_host[parts.hostname] = _basic(parts.netloc.rpartition("@")[0])
        for url, header in self._headers.items():
            if header:
                by_host[urlsplit(url).hostname or ""] = _login(header)
        return by_host

    def scrub(self, text: str) -> str:
        """Return ``text`` without the credentials of any channel."""
        return scrub(text, secrets(self._credentialed.values()))

    def spec(self, text: str) -> rattler.MatchSpec:
        """Return a MatchSpec for rattler, with its channel as a URL."""
        spec = parse_spec(text)
        return engine_spec(spec, self.urls(spec.channel)[0] if spec.channel else "")

    def spec_channels(self, request: SolveRequest) -> list[str]:
        """Return the URLs of a request's channels; those from specs come last, as in conda."""
        return list(dict.fromkeys(url for _, urls in self.named_urls(request) for url in urls))

    def named_urls(self, request: SolveRequest) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield a request's channels as the user named them, each with its URLs."""
        for name in request.asked_channels:
            yield name, self.urls(name, request.target.subdir)


def _basic(userinfo: str) -> dict[str, Any]:
    """Return ``user:password`` of a URL as in rattler's file of credentials."""
    user, _, password = userinfo.partition(":")
    return {"BasicHTTP": {"username": unquote(user), "password": unquote(password)}}


def _login(header: str) -> dict[str, Any]:
    """Return a header ``Basic …`` or ``Bearer …`` as in rattler's file of credentials."""
    kind, _, value = header.partition(" ")
    if kind.lower() == "bearer":
        return {"BearerToken": value.strip()}
    user, _, password = base64.b64decode(value).decode().partition(":")
    return {"BasicHTTP": {"username": user, "password": password}}


def client(
    settings: Settings, channels: Channels, logins: Mapping[str, str] = MappingProxyType({})
) -> rattler.Client:
    """Return rattler's HTTP client with conda's proxy and TLS settings and channel credentials.

    A token is part of the path, so the URL with the token is configured as a mirror of the public
    one. Logins go by host, through rattler's file of credentials, which it reads immediately.
    ``logins`` are additional ones, as ``user:password`` in URLs.
    """
    lines = [f"tls-no-verify = {'true' if settings.ssl_verify is False else 'false'}"]
    for setting in _not_in_rattler(settings):
        _warn(setting)
    proxies = scheme_proxies(settings.proxy_servers)
    tables = {"proxy-config": [f"{key} = {_quote(url)}" for key, url in proxies.items()]}
    mirrors = channels.mirrors.items()
    tables["mirrors"] = [f"{_quote(url)} = [{_quote(to)}]" for url, to in mirrors]
    others = {host: _basic(userinfo) for host, userinfo in logins.items()}
    trusted = certificate_variables(settings.ssl_verify)
    with _credentials({**channels.logins, **others}) as file, _variables(trusted):
        if file is not None:
            lines.append(f"authentication-override-file = {_quote(str(file))}")
        for name, content in tables.items():
            lines += [f"[{name}]", *content] if content else []
        return rattler.Client.from_config(
            rattler.Config.from_toml("\n".join(lines)),
            max_retries=settings.remote_max_retries,
            timeout=whole_limit(settings),
        )


def _not_in_rattler(settings: Settings) -> list[str]:
    """Return the settings that are present and that rattler's client can't have."""
    certificate = ["client_ssl_cert"] if settings.client_ssl_cert else []
    hosts = proxied_hosts(settings.proxy_servers)
    return certificate + ([f"proxy_servers for {', '.join(hosts)}"] if hosts else [])


@cache  # warns once
def _warn(setting: str) -> None:
    _log.warning(
        "warning: channels are read without conda's %s: rattler has no such setting", setting
    )


@contextmanager
def _credentials(logins: dict[str, Any]) -> Iterator[Path | None]:
    """Provide rattler's file of credentials, readable only by us, while rattler reads it."""
    if not logins:
        yield None
        return
    with temporary_folder() as folder:
        file = folder / "credentials.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(logins), encoding="utf-8")
        yield file


@contextmanager
def _variables(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables temporarily; rattler can't be configured otherwise."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def run(coroutine: Coroutine[Any, Any, T], settings: Settings) -> T:
    """Run rattler's coroutines, and wait until its threads have left Python.

    Stalled connections are closed. A signal cancels the coroutine where it waits: an exception
    inside the event loop's own code could lose a finished wait, and the loop would never end.
    """
    loop = asyncio.new_event_loop()
    before = set(sys._current_frames())
    task = loop.create_task(_watched(coroutine, patience(settings)))
    try:
        with asked_to_stop(lambda: loop.call_soon_threadsafe(task.cancel)):
            result = loop.run_until_complete(task)
    except BaseException:
        _left.append(loop)
        _end_tasks(loop)
        if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
            coroutine.close()  # cancelled before it began: Python would warn
        raise
    finally:
        _settle(before)
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    return result


#: The event loops of calls that failed or were interrupted. rattler's threads continue their work
#: and report its end to the loop; a closed loop would print a traceback.
_left: list[asyncio.AbstractEventLoop] = []


def has_left_work() -> bool:
    """Return whether rattler's threads may still run after a failure or an interruption."""
    return bool(_left)


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel running tasks and let them clean up; those that don't end are left after a while."""
    end = time.monotonic() + _PATIENCE
    while (tasks := asyncio.all_tasks(loop)) and (rest := end - time.monotonic()) > 0:
        for task in tasks:
            task.cancel()
        # The first exception is reported already; so is that of another signal.
        with suppress(BaseException):
            loop.run_until_complete(asyncio.wait(tasks, timeout=rest))


async def _watched(coroutine: Coroutine[Any, Any, T], wait: Patience) -> T:
    watch = asyncio.ensure_future(cut_stalled(wait))
    try:
        return await coroutine
    finally:
        watch.cancel()


def _settle(others: Collection[int] = ()) -> None:
    """Wait until rattler's threads have left Python; ``others`` are other threads.

    The thread that delivers a result is still leaving Python when we get it. A process that ends in
    that instant crashes with the wrong exit code, after its work is done: 3 % of solves and failed
    installs did, none of 450 that waited.
    """
    # ``threading`` does not know threads that were started without it.
    ours = {*others, *(thread.ident for thread in threading.enumerate())}
    end = time.monotonic() + _PATIENCE
    time.sleep(_STEP)
    while not set(sys._current_frames()) <= ours and time.monotonic() < end:
        time.sleep(_STEP)


atexit.register(_settle)

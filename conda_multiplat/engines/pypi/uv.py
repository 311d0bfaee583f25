"""Run uv: find it, and translate conda's configuration."""

from __future__ import annotations

import math
import os
import re
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from shutil import which

from conda_multiplat.engines.certificates import (
    TRUSTSTORE,
    certificate_variables,
    client_certificate,
)
from conda_multiplat.engines.proxies import scheme_proxies
from conda_multiplat.engines.pypi.die_with_us import die_with_us
from conda_multiplat.engines.pypi.index_logins import index_logins, with_login
from conda_multiplat.engines.pypi.user_settings import access_file, passed_on
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.hook_settings import PYPI_INDEX, PYPI_INDEX_VARIABLE
from conda_multiplat.vocabulary.channels import scrub
from conda_multiplat.vocabulary.errors import OutsideError, UsageError
from conda_multiplat.vocabulary.pip_index import DEFAULT_INDEX
from conda_multiplat.vocabulary.pip_options import split_option

#: The first uv in which the option for the system's certificates has another name.
_SYSTEM_CERTS = (0, 11)
_URL = re.compile(r"(https?://|file:///)[^/\s]")


def pypi_index(settings: Settings) -> str:
    """Return the URL of this machine's replacement for PyPI; ``""`` for PyPI itself.

    Raises:
        UsageError: the configured value is not a URL.
    """
    url = os.path.expandvars(settings.pypi_index())
    if url and not _URL.match(url):
        raise UsageError(
            f"the index that replaces PyPI is not a URL: {scrub(url)!r}",
            hints=[f"set {PYPI_INDEX_VARIABLE} or plugins.{PYPI_INDEX} to https://HOST/simple"],
        )
    return with_login(url, index_logins(os.environ))


def uv_environment(settings: Settings, folder: Path, entries: Iterable[str]) -> dict[str, str]:
    """Return the environment variables for uv: access to indexes, nothing that decides versions.

    conda's proxies and certificates apply too, unless uv has its own.

    Args:
        settings: conda's settings.
        folder: for a temporary file with uv's settings, needed while uv runs.
        entries: the lines of ``pip:``; if none replaces PyPI, the machine's setting applies.
    """
    environ = passed_on(os.environ)
    if text := access_file(os.environ):
        file = folder / "uv.toml"
        file.touch(mode=0o600)  # a proxy's URL can contain a password
        file.write_text(text, encoding="utf-8")
        environ["UV_CONFIG_FILE"] = str(file)
    else:
        environ["UV_NO_CONFIG"] = "1"
    index = pypi_index(settings)
    if index and not any(split_option(entry)[0] in DEFAULT_INDEX for entry in entries):
        environ["UV_DEFAULT_INDEX"] = index
    for name, value in _patience(settings).items():
        environ.setdefault(name, value)
    for scheme, proxy in scheme_proxies(settings.proxy_servers).items():
        environ.setdefault(f"{scheme.upper()}_PROXY", proxy)
    for name, value in _trusted(settings.ssl_verify).items():
        environ.setdefault(name, value)
    if settings.client_ssl_cert and "SSL_CLIENT_CERT" not in environ:
        environ["SSL_CLIENT_CERT"] = str(_client_certificate(settings, folder))
    return environ


def _client_certificate(settings: Settings, folder: Path) -> Path:
    """Return conda's ``client_ssl_cert`` with its key in one file, as uv expects them.

    Raises:
        OutsideError: they can't be read.
    """
    content = client_certificate(settings.client_ssl_cert, settings.client_ssl_cert_key)
    file = folder / "client.pem"
    file.touch(mode=0o600)
    file.write_bytes(content)
    return file


def _trusted(verify: bool | str) -> dict[str, str]:
    """Return uv's options for conda's ``ssl_verify``."""
    if verify is False:
        return {"UV_INSECURE_HOST": "*"}
    if verify == TRUSTSTORE:
        return {"UV_SYSTEM_CERTS" if uv_version() >= _SYSTEM_CERTS else "UV_NATIVE_TLS": "true"}
    return certificate_variables(verify)


def _patience(settings: Settings) -> dict[str, str]:
    """Return uv's variables for conda's timeouts and retries, in whole seconds."""
    return {
        "UV_HTTP_TIMEOUT": str(max(1, math.ceil(settings.remote_read_timeout_secs))),
        "UV_HTTP_CONNECT_TIMEOUT": str(max(1, math.ceil(settings.remote_connect_timeout_secs))),
        "UV_HTTP_RETRIES": str(settings.remote_max_retries),
    }


class UvProcesses:
    """Parallel uv processes of several threads, which can be stopped together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(
        self, arguments: Sequence[str], environ: Mapping[str, str], folder: Path, text: str
    ) -> subprocess.CompletedProcess[str]:
        """Run uv in ``folder`` with ``text`` on its standard input.

        Raises:
            OutsideError: it was stopped.
        """
        with self._lock:
            if self._stopped:
                raise OutsideError("uv was stopped")
            process = subprocess.Popen(
                [uv_program(), *arguments],
                cwd=folder,
                env=dict(environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
            self._running.add(process)
        with process:
            out, err = process.communicate(text)
        with self._lock:
            self._running.discard(process)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def stop(self) -> None:
        """Stop running processes; later calls of :meth:`run` fail."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()


def run_uv(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
) -> subprocess.CompletedProcess[str]:
    """Run uv in ``folder``; its output is not shown.

    It changes a prefix, and the next install may start as soon as we end: so it must end with us.
    """
    return subprocess.run(  # ``preexec_fn`` only makes system calls, which is safe with threads
        [uv_program(), *arguments],
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        preexec_fn=die_with_us(),
    )


@cache
def uv_version() -> tuple[int, ...]:
    """Return the version of the uv that we run; ``()`` if it states none."""
    done = subprocess.run(
        [uv_program(), "--version"], capture_output=True, encoding="utf-8", check=False
    )
    match = re.match(r"uv (\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, match.groups())) if match else ()


@cache
def uv_program() -> str:
    """Return the uv that was installed with us; some conda packages of uv have only the program.

    Call it before starting threads: Python's ``sysconfig``, which uv's module uses, is not safe to
    initialise in several threads at once.
    """
    try:
        from uv import find_uv_bin

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        program = which("uv")
    if program is None:
        raise OutsideError("uv is not installed", hints=["install it: `pip install uv`"])
    return program

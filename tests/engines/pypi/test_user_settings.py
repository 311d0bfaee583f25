"""None of uv's settings on a machine decides anything in a lock."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.pypi_index import Index
from support.server import Rules, serve

from conda_multiplat.engines.pypi.user_settings import access_file, left_out, passed_on
from conda_multiplat.engines.pypi.uv import uv_program
from conda_multiplat.machine.files import shown

#: What is passed on, which this test must not set to nonsense.
ACCESS = {
    *("UV_CACHE_DIR", "UV_NO_CACHE", "UV_OFFLINE", "UV_KEYRING_PROVIDER", "UV_INSECURE_HOST"),
    *("UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_CREDENTIALS_DIR", "UV_LINK_MODE", "UV_AUTH_TOKEN"),
    *("UV_GITHUB_TOKEN", "UV_REQUEST_TIMEOUT", "UV_LOCK_TIMEOUT"),
}
#: How it is on another machine, of what is passed on.
OTHERWISE = {
    "UV_NO_CACHE": "1",
    "UV_KEYRING_PROVIDER": "disabled",
    "UV_LINK_MODE": "copy",
    "UV_REQUEST_TIMEOUT": "77",
    "UV_HTTP_RETRIES": "1",
    "UV_CONCURRENT_DOWNLOADS": "1",
    "UV_INSECURE_HOST": "a.example",
}
PATIENCE = ("UV_CONCURRENT_", "UV_HTTP_")
#: Values that would change what is locked, of the settings that take no other than some words.
HOSTILE = {
    "UV_EXCLUDE_NEWER": "2001-01-01",
    "UV_RESOLUTION": "lowest",
    "UV_PRERELEASE": "allow",
    "UV_INDEX_STRATEGY": "unsafe-best-match",
    "UV_FORK_STRATEGY": "fewest",
    "UV_TORCH_BACKEND": "cu128",
}


@pytest.fixture
def pypi(tmp_path: Path) -> Iterator[Rules]:
    """Serve an index in which nearly every setting would choose something else."""
    index = Index(tmp_path / "index")
    for version in ("1.0", "1.1", "2.0rc1"):
        index.wheel("robot", version, requires=["purely"])
        index.wheel("purely", version)
        index.sdist("robot", version)
    with serve(index.root) as server:
        yield server


@pytest.fixture
def hostile_index(tmp_path: Path) -> Iterator[Rules]:
    """Serve another index in PyPI's place, which must get no requests."""
    index = Index(tmp_path / "hostile")
    for version in ("1.1", "9.0"):
        index.wheel("robot", version)
        index.wheel("purely", version)
    with serve(index.root) as server:
        yield server
        assert not server.requests


def _known_to_uv() -> set[str]:
    """Return the variables that this uv has in its program and its help."""
    program = Path(uv_program()).read_bytes()
    names = {name.decode() for name in re.findall(rb"UV_[A-Z][A-Z_]+[A-Z]", program)}
    shown = subprocess.run(
        [uv_program(), "pip", "compile", "--help"], capture_output=True, text=True, check=True
    )
    documented = set(re.findall(r"\[env: (UV_[A-Z_]+)=", shown.stdout))
    assert len(documented) > 15
    return names | documented


@pytest.mark.slow
@pytest.mark.parametrize("place", ["manifest", "machine"])
def test_every_setting_of_uv(
    alone: Host,
    project: Path,
    channel: Path,
    tmp_path: Path,
    pypi: Rules,
    hostile_index: Rules,
    place: str,
) -> None:
    """Variables, the user's file and the project's give the same bytes, and a line names them."""
    url, hostile_url = f"{pypi.url}/simple", f"{hostile_index.url}/simple"
    ours = {"CONDA_MULTIPLAT_PYPI_INDEX": url if place == "machine" else hostile_url}
    entries = "robot" if place == "machine" else f"--index-url {url}, robot"
    # uv's own word on what is too new holds where the manifest has none
    extra = "multiplat: {exclude-newer-package: {robot: false}}\n"
    pip = f"pip: [{entries}]"
    write(project, channel, "python 3.12.*", pip, platforms="[linux-64]", extra=extra)
    alone.multiplat("lock", cwd=project, env=ours)
    lock = project / "conda-lock.yml"
    expected = lock.read_bytes()
    lock.unlink()
    names = {name for name in _known_to_uv() - ACCESS if not name.startswith(PATIENCE)}
    indexes = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
    hostile = {**dict.fromkeys(names, "nonsense"), **HOSTILE, **dict.fromkeys(indexes, hostile_url)}
    hostile |= dict.fromkeys(("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"), hostile_url)
    settings = (
        f'index-url = "{hostile_url}"\nextra-index-url = ["{hostile_url}"]\n'
        f'find-links = ["{hostile_url}/robot"]\n'
        'resolution = "lowest"\nprerelease = "allow"\n'
        f'[pip]\nindex-url = "{hostile_url}"\nno-binary = [":all:"]\n'
        f'[[index]]\nname = "h"\nurl = "{hostile_url}"\ndefault = true\n'
    )
    user = tmp_path / "uv-of-the-user.toml"
    user.write_text(settings, encoding="utf-8")
    (project / "uv.toml").write_text(settings, encoding="utf-8")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "ours"\nversion = "1"\n'
        '[tool.uv]\nconstraint-dependencies = ["robot<1.1"]\n'
        'override-dependencies = ["purely==1"]\n',
        encoding="utf-8",
    )
    environ = {**hostile, **OTHERWISE, **ours, "UV_CONFIG_FILE": str(user)}
    environ |= {"MACOSX_DEPLOYMENT_TARGET": "9", "UV_CACHE_DIR": str(tmp_path / "cache")}
    file = project / "environment.yml"
    done = alone.multiplat("lock", "-f", file, cwd=tmp_path, env=environ)
    assert lock.read_bytes() == expected
    line = next(line for line in done.stderr.splitlines() if "who locks" in line)
    assert "mirror" not in line
    for name in indexes:
        assert f"{name}, " in line
    for name in ("UV_EXCLUDE_NEWER", "UV_INDEX_STRATEGY", "UV_PRERELEASE", "UV_RESOLUTION"):
        assert name in line
    for name in ("resolution", "index-url", "index"):
        assert f"{name} in project/uv.toml" in line
        assert f"{name} in {user.name}" in line
    assert "constraint-dependencies in project/pyproject.toml" in line


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "index-url", "index"])
def test_mirror(
    door: Host,
    project: Path,
    channel: Path,
    tmp_path: Path,
    pypi: Rules,
    hostile_index: Rules,
    setting: str,
) -> None:
    """Uv's own setting for a mirror has no effect and ours is suggested; ours is used."""
    write(project, channel, "python 3.12.*", "pip: [robot]", platforms="[linux-64]")
    url = f"{hostile_index.url}/simple"
    text = f'index-url = "{url}"' if setting == "index-url" else f'[[index]]\nurl = "{url}"'
    file = tmp_path / "uv.toml"
    file.write_text(f"{text}\n", encoding="utf-8")
    environ = {setting: url} if setting.startswith("UV_") else {"UV_CONFIG_FILE": str(file)}
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "UV_HTTP_RETRIES": "0"}
    done = door.multiplat("lock", cwd=project, env={**environ, **nowhere}, code=3)
    assert (
        "If only a mirror of PyPI can be reached, set CONDA_MULTIPLAT_PYPI_INDEX=URL" in done.stderr
    )
    condarc = tmp_path / "condarc"
    condarc.write_text(f"plugins: {{multiplat_pypi_index: {pypi.url}/simple}}\n", encoding="utf-8")
    done = door.multiplat("lock", cwd=project, env={**environ, "CONDARC": str(condarc)})
    assert setting in done.stderr
    assert "constraints.txt" not in done.stderr
    assert "mirror" not in done.stderr
    locked = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert f"{pypi.url}/files/robot-1.1-py3-none-any.whl" in locked
    condarc.write_text("plugins: {multiplat_pypi_index: nonsense}\n", encoding="utf-8")
    wrong = {"CONDA_MULTIPLAT_PYPI_INDEX": f"{pypi.url}/simple", "CONDARC": str(condarc)}
    door.multiplat("lock", "--update-all", cwd=project, env=wrong)
    wrong.pop("CONDA_MULTIPLAT_PYPI_INDEX")
    done = door.multiplat("lock", "--update-all", cwd=project, env=wrong, code=2)
    assert "the index that replaces PyPI is not a URL: 'nonsense'" in done.stderr
    assert "CONDA_MULTIPLAT_PYPI_INDEX or plugins.multiplat_pypi_index" in done.stderr


def test_settings_of_access(tmp_path: Path) -> None:
    """They are taken from the user's file first, then the system's; the others are named."""
    home, system = tmp_path / "home", tmp_path / "system"
    for folder, text in (
        (home / ".config", 'native-tls = true\nresolution = "lowest"\n[pip]\nextra = ["a"]\n'),
        (system, 'native-tls = false\nallow-insecure-host = ["a.example:1"]\n'),
    ):
        (folder / "uv").mkdir(parents=True)
        (folder / "uv" / "uv.toml").write_text(text, encoding="utf-8")
    environ = {"HOME": str(home), "XDG_CONFIG_DIRS": str(system), "UV_NO_BINARY": "1"}
    assert access_file(environ) == 'native-tls = true\nallow-insecure-host = ["a.example:1"]\n'
    assert access_file({**environ, "UV_NO_CONFIG": "1"}) == ""
    file = home / ".config" / "uv" / "uv.toml"
    project = tmp_path / "project"
    project.mkdir()
    assert left_out(environ, project) == [
        "UV_NO_BINARY",
        f"resolution in {shown(file)}",
        f"extra in {shown(file)}",
    ]


def test_variables_of_access() -> None:
    """An unknown variable of a future uv is not passed on."""
    environ = {
        "PATH": "/bin",
        "UV_KEYRING_PROVIDER": "subprocess",
        "UV_HTTP_TIMEOUT": "9",
        "UV_RESOLUTION": "lowest",
        "UV_NEW_IDEA": "1",
        "VIRTUAL_ENV": "/venv",
    }
    assert passed_on(environ) == {
        "PATH": "/bin",
        "UV_KEYRING_PROVIDER": "subprocess",
        "UV_HTTP_TIMEOUT": "9",
    }


@pytest.mark.parametrize(
    ("options", "version"),
    [
        ("{}", "1.1"),
        ("{resolution: lowest}", "1.0"),
        ("{prerelease: allow}", "2.0rc1"),
        ("{resolution: lowest-direct, prerelease: disallow, index-strategy: first-index}", "1.0"),
    ],
)
def test_options_of_the_manifest(
    alone: Host, project: Path, channel: Path, pypi: Rules, options: str, version: str
) -> None:
    """They choose the version, and are part of the digest."""
    requirements = f"pip: [--index-url {pypi.url}/simple, robot]"
    extra = f"multiplat: {{pypi: {options}}}\n"
    write(project, channel, "python 3.12.*", requirements, platforms="[linux-64]", extra=extra)
    alone.multiplat("lock", cwd=project)
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert f"/robot-{version}-py3-none-any.whl" in text
    write(project, channel, "python 3.12.*", requirements, platforms="[linux-64]")
    alone.multiplat("check", "--strict", cwd=project, code=int(options != "{}"))


def test_options_that_there_are_not(alone: Host, project: Path, channel: Path) -> None:
    """Each invalid key and value is named with what to write."""
    extra = "multiplat:\n  pypi:\n    resolution: lowst\n    prereleases: allow\n"
    write(project, channel, "python 3.12.*", extra=extra)
    done = alone.multiplat("lock", cwd=project, code=2)
    lines = (project / "environment.yml").read_text(encoding="utf-8").splitlines()
    at = lines.index("    resolution: lowst") + 1
    assert done.stderr == (
        "error: environment.yml can't be used\n"
        f"  environment.yml:{at}:17: unknown resolution 'lowst'\n"
        "      did you mean 'lowest'?\n"
        f"  environment.yml:{at + 1}:5: unknown key 'prereleases' in pypi\n"
        "      did you mean 'prerelease'?\n"
    )

"""A small project with all that our commands read, and how they may end when it is bad."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.lockfile.write import render
from conda_multiplat.vocabulary.records import PypiRecord
from support.hosts import Host
from support.packages import SUBDIR, Package, build_channel
from support.worker import Ended, Worker

_PACKAGES = [
    Package("zlib", "1.3", noarch="generic", files={"share/zlib": b"z"}, depends=["__unix"]),
    Package("zlib", "1.2", noarch="generic", files={"share/zlib": b"y"}),
    Package("numpy", "2.1", noarch="generic", depends=["zlib >=1.2,<2"], files={"share/n": b"n"}),
    Package("cuda", "12.4", noarch="generic", constrains=["__cuda >=12"]),
]
_MANIFEST = """\
name: demo
channels:
  - {channel}
platforms: [{subdir}, osx-arm64]
variables:
  LEVEL: high
dependencies:
  - numpy >=2   # [linux]
  - zlib        # [osx or not (win and x86_64)]
  - "zlib[version='>=1.2']"
multiplat:
  virtual-packages:
    {subdir}: {{glibc: "2.28"}}
    osx: {{osx: "14.0"}}
  environments:
    dev: {{dependencies: [cuda], solve-group: one}}
    more:
      extends: [dev]
      solve-group: one
      platforms: [{subdir}]
      virtual-packages: {{{subdir}: {{cuda: "12.4"}}}}
      dependencies: [zlib <2]
  prefer: [more, default]
  pypi: {{resolution: highest, prerelease: disallow}}
  licenses:
    allow: [BSD-3-Clause]
    deny: [GPL-3.0-only WITH GCC-exception-3.1, Zlib]
    exceptions: {{zlib: {{license: Zlib, reason: looked at}}, gone: {{reason: none}}}}
"""
_KEYS = """\
name: keys
channels: [{channel}, nodefaults]
platforms: [linux-64, osx-arm64]
category: main
dependencies:
  - sel(linux): numpy >=2
  - zlib
  - pip:
      - --index-url https://files.example.com/simple
      - robot[fast] >=1 ; sys_platform == "linux"
      - -r requirements.txt
      - -e ./here
      - thing @ https://files.example.com/thing-1.0-py3-none-any.whl
      - tool @ git+https://git.example.com/tool
"""
_CONDARC = """\
channels: [conda-forge]
channel_alias: https://channels.example.com
channel_priority: flexible
custom_channels: {{ours: https://ours.example.com}}
custom_multichannels: {{group: [{channel}]}}
default_channels: [{channel}]
channel_settings: [{{channel: "{channel}", auth: none}}]
proxy_servers: {{http: http://proxy.example.com}}
ssl_verify: true
remote_read_timeout_secs: 5
remote_max_retries: 1
pkgs_dirs: [{pkgs}]
env_prompt: "({{default_env}}) "
changeps1: true
plugins: {{multiplat_variables: [TOKEN]}}
"""
_PIXI = """\
[workspace]
name = "pixi"
channels = ["https://conda.example.com/forge"]
platforms = ["linux-64"]
[dependencies]
python = "3.12.*"
[pypi-dependencies]
robot = ">=1"
"""
_PIXI_LOCK = f"""\
version: 6
environments:
  default:
    channels:
    - url: https://conda.example.com/forge/
    indexes:
    - https://pypi.example.com/simple
    packages:
      linux-64:
      - conda: https://conda.example.com/forge/linux-64/python-3.12.1-h1_0.conda
      - pypi: https://pypi.example.com/files/robot-1.0-py3-none-any.whl
packages:
- conda: https://conda.example.com/forge/linux-64/python-3.12.1-h1_0.conda
  sha256: {"a" * 64}
  md5: {"b" * 32}
  depends:
  - __glibc >=2.17
  - zlib
  constrains:
  - tk >=8
- pypi: https://pypi.example.com/files/robot-1.0-py3-none-any.whl
  name: robot
  version: '1.0'
  sha256: {"c" * 64}
  requires_dist:
  - other>=1
  - extra-only ; extra == 'more'
"""
_REQUIREMENTS = "robot-leg >=1\n-c constraints.txt\n"
_FILES = "https://files.example.com"
#: What a command may make anew when it succeeds.
_WRITTEN = re.compile(
    r"(.*conda-lock\.yml|.*\.lock|.*environment.*\.yml|out\.yml|requirements-.*|.*\.cdx\.json)"
)


def put(path: Path, content: bytes) -> None:
    """Write a file in another's place: one that is read meanwhile must not become shorter."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


class Tree:
    """The files below some folders, as they were once."""

    def __init__(self, *folders: Path) -> None:
        self.folders = folders
        self.files = dict(self._now())

    def changed(self) -> set[Path]:
        """Return the paths that are changed, gone or new."""
        now = dict(self._now())
        return {path for path in {*now, *self.files} if now.get(path) != self.files.get(path)}

    def restore(self) -> None:
        """Make everything as it was."""
        for path in self.changed():
            if path not in self.files:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            put(path, self.files[path])

    def _now(self) -> Iterator[tuple[Path, bytes]]:
        for folder in self.folders:
            for path in folder.rglob("*") if folder.is_dir() else [folder]:
                if path.is_file() and not path.is_symlink():
                    yield path, path.read_bytes()


class Grounds:
    """A project, its channel and its environment, made once, and the process that works there.

    Attributes:
        project: the folder of the manifest and the locks.
        channel: its channel's folder.
        prefix: the environment, as locked.
        tree: all of it as it was made.
    """

    def __init__(self, host: Host, folder: Path, more: Sequence[Path] = ()) -> None:
        self.host, self.project = host, folder / "project"
        self.channel = build_channel(folder / "channel", _PACKAGES)
        self.prefix = host.envs / "demo"
        self.worker = Worker(host.environ(), folder / "log")
        (folder / "log").touch()
        (self.project / ".git").mkdir(parents=True)
        self._write_files()
        self._make()
        for path in more:
            (self.project / path.name).write_bytes(path.read_bytes())
        self.tree = Tree(self.project, self.channel, self.prefix, host.home / ".condarc")

    def place(self, name: str) -> Path:
        """A file by its name, ``project/…``, ``prefix/…``, ``channel/…`` or ``home/…``."""
        start, _, rest = name.partition("/")
        known = {"prefix": self.prefix, "channel": self.channel, "home": self.host.home}
        return known.get(start, self.project) / rest

    def folder_of(self, path: Path) -> Path:
        """The folder of the project that a file is of."""
        parts = path.relative_to(self.project).parts if self.project in path.parents else ()
        return self.project / parts[0] if len(parts) > 1 else self.project

    def close(self) -> None:
        """End the process."""
        self.worker.close()

    def _write_files(self) -> None:
        known = {"channel": self.channel.as_uri(), "subdir": SUBDIR, "pkgs": self.host.pkgs}
        texts = {
            "environment.yml": _MANIFEST.format(**known),
            "pixi/pixi.toml": _PIXI,
            "pixi/pixi.lock": _PIXI_LOCK,
            "keys/environment.yml": _KEYS.format(**known),
            "keys/requirements.txt": _REQUIREMENTS,
            "keys/constraints.txt": "robot <3\n",
            "keys/here/pyproject.toml": '[project]\nname = "here"\nversion = "1.0"\n'
            'dependencies = ["robot"]\n',
        }
        for name, text in texts.items():
            path = self.project / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (self.host.home / ".condarc").write_text(_CONDARC.format(**known), encoding="utf-8")

    def _make(self) -> None:
        for command in (
            ("lock",),
            ("install", "-e", "default"),
            ("render", "--kind", "explicit"),
            ("render", "--kind", "environment"),
            ("render", "--kind", "sbom"),
        ):
            ended = self.worker.run(*command, "-q", cwd=self.project)
            assert ended.code == 0, ended
        path = self.project / "conda-lock.yml"
        text = path.read_text(encoding="utf-8")
        lock = read_lock(text, path.name)
        pypi = [
            PypiRecord(
                "robot", "1.0", "https://files.example.com/robot-1.0-py3-none-any.whl", "a" * 64
            ),
            PypiRecord("here", "1.0", "./here#editable", "b" * 64, ("robot",)),
            PypiRecord("tool", "2.0", f"git+https://git.example.com/tool@{'c' * 40}"),
        ]
        platforms = {
            name: platform._replace(pypi=tuple(sorted(pypi)))
            for name, platform in lock.platforms.items()
        }
        (self.project / "keys" / "conda-lock.yml").write_text(
            render(lock._replace(platforms=platforms, sources=("environment.yml",))),
            encoding="utf-8",
        )
        foreign = re.sub(r"(?ms)^  custom_metadata:.*?^(?=\S)", "", text)
        (self.project / "foreign").mkdir()
        (self.project / "foreign" / "conda-lock.yml").write_text(foreign, encoding="utf-8")

    def require(self, *arguments: str, cwd: Path | None = None) -> Ended:
        """Run a command, which must end as every command does, whatever it reads.

        Raises:
            AssertionError: it crashed, blamed itself, or changed what it had no business with.
        """
        before = Tree(*self.tree.folders)
        ended = self.worker.run(*arguments, cwd=cwd or self.project)
        report = (
            f"{' '.join(arguments)}: {ended.code}\n{ended.stdout[-300:]}\n{ended.stderr[-6000:]}"
        )
        assert ended.code in (0, 1, 2, 3), report
        for word in ("internal error", "Traceback", "panicked", "RuntimeWarning"):
            assert word not in ended.stderr + ended.stdout, report
        if ended.code > 1 and "--json" in arguments:
            document = json.loads(ended.stdout)
            assert document["error"], report
        elif ended.code > 1:
            assert re.search("^error: .", ended.stderr, re.MULTILINE), report
        changed = before.changed()
        if ended.code > 1:
            changed = {path for path in changed if self.prefix not in path.parents}
            assert not changed, f"{report}\nchanged {changed}"
        else:
            odd = [
                path
                for path in changed
                if self.prefix not in path.parents and not _WRITTEN.fullmatch(path.name)
            ]
            assert not odd, f"{report}\nchanged {odd}"
        return ended

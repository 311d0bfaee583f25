"""A Dockerfile that builds an image of a lock, from the explicit file and its requirements.

It needs docker and a network; ``conda multiplat image`` needs neither. micromamba installs the
explicit file in a first stage; only the environment is copied into the second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from conda_multiplat.activation.entrypoint import ENTRYPOINT
from conda_multiplat.activation.model import activation
from conda_multiplat.export.explicit import machine_lines, platform_to_render
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.vocabulary.file_names import rendered_name
from conda_multiplat.vocabulary.oci import PREFIX, image_platform

#: The beginning of our Dockerfiles.
MARK = "# Rendered by `conda multiplat render --kind dockerfile`"
#: Base images; ``--build-arg`` replaces them.
_INSTALLER = "mambaorg/micromamba:2"
_BASE = "debian:stable-slim"
_SPECIAL = re.compile(r'["\\$]')


def render(lock: LockFile, subdir: str, variables: Mapping[str, str]) -> str | None:
    """Return the Dockerfile's text, with LF line endings; ``None`` if the platform has no images.

    Args:
        lock: the lock.
        subdir: the platform of the image.
        variables: the manifest's environment variables.

    Raises:
        UsageError: the platform is not locked.
    """
    platform = image_platform(subdir)
    if platform is None:
        return None
    locked = platform_to_render(lock, subdir)
    parts = [
        _header(lock, locked, subdir, str(platform), variables),
        _build(lock, locked, subdir, str(platform)),
        _image(locked, str(platform), variables),
    ]
    return "\n".join("\n".join(lines) + "\n" for lines in parts)


def _header(
    lock: LockFile, locked: PlatformLock, subdir: str, platform: str, variables: Mapping[str, str]
) -> list[str]:
    file = rendered_name("dockerfile", lock.environment, subdir)
    beside = rendered_name("explicit", lock.environment, subdir)
    return [
        MARK,
        f"# {beside} must be in the same folder. To build the image:",
        f"# $ docker build --platform {platform} --file {file} .",
        *(f"# {line}" for line in machine_lines(locked)),
        *(f"# left out, since nothing verifies it: {name}" for name in _unverified(locked)),
        *(
            f"# not set, since it has line breaks: {name}"
            for name in variables
            if _is_broken(variables[name])
        ),
        "# An image with micromamba, and the base image; --build-arg INSTALLER=… names another.",
        f"ARG INSTALLER={_INSTALLER}",
        f"ARG BASE={_BASE}",
    ]


def _unverified(locked: PlatformLock) -> list[str]:
    """Return the PyPI packages that are only comments in the requirements."""
    return [package.name for package in locked.pypi if not package.sha256 or package.is_folder]


def _build(lock: LockFile, locked: PlatformLock, subdir: str, platform: str) -> list[str]:
    explicit = rendered_name("explicit", lock.environment, subdir)
    return [
        f"FROM --platform={platform} ${{INSTALLER}} AS build",
        "USER root",
        f"COPY {explicit} /tmp/",
        f"RUN micromamba create --yes --prefix {PREFIX} --file /tmp/{explicit}",
        *(_requirements(lock, locked, subdir) if locked.pypi else []),
        *_entrypoint(),
    ]


def _requirements(lock: LockFile, locked: PlatformLock, subdir: str) -> list[str]:
    """Return the lines that install PyPI packages, with the environment's pip or another one."""
    file = rendered_name("requirements", lock.environment, subdir)
    python = f"{PREFIX}/bin/python"
    options = f"install --no-cache-dir --no-deps --require-hashes --requirement /tmp/{file}"
    if any(record.name == "pip" for record in locked.records):
        return [f"COPY {file} /tmp/", f"RUN {python} -m pip {options}"]
    return [
        f"COPY {file} /tmp/",
        f"RUN {python} -m venv /tmp/pip \\",
        f" && /tmp/pip/bin/python -m pip --python {python} {options}",
    ]


def _entrypoint() -> list[str]:
    """Return the commands for an entrypoint that finds activation scripts, which no lock lists."""
    script = [
        "#!/bin/sh",
        f"for script in {PREFIX}/etc/conda/activate.d/*.sh; do",
        '  if [ -f "$script" ]; then . "$script"; fi',
        "done",
        'exec "$@"',
    ]
    path = f"{PREFIX}/{ENTRYPOINT}"
    return [
        f"RUN mkdir -p {path.rpartition('/')[0]} \\",
        " && printf '%s\\n' \\",
        *(f"    '{line}' \\" for line in script),
        f"    > {path} \\",
        f" && chmod 755 {path}",
    ]


def _image(locked: PlatformLock, platform: str, variables: Mapping[str, str]) -> list[str]:
    active = activation(PREFIX, PREFIX, requested=[variables])
    fit = {name: value for name, value in active.variables.items() if not _is_broken(value)}
    base_variables = {"CONDA_PREFIX": PREFIX, "CONDA_DEFAULT_ENV": PREFIX, "CONDA_SHLVL": "1"}
    has_python = any(record.name == "python" for record in locked.records)
    return [
        f"FROM --platform={platform} ${{BASE}}",
        f"COPY --from=build {PREFIX} {PREFIX}",
        f'ENV PATH="{PREFIX}/bin:$PATH"',
        *(f'ENV {name}="{_quoted(value)}"' for name, value in (base_variables | fit).items()),
        f'ENTRYPOINT ["{PREFIX}/{ENTRYPOINT}"]',
        *(['CMD ["python"]'] if has_python else []),
    ]


def _is_broken(value: str) -> bool:
    """Return whether an ``ENV`` instruction can't have a value."""
    return bool({"\n", "\r"} & set(value))


def _quoted(value: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", value)

"""This machine's virtual packages, with the GPU driver queried in a separate process.

A driver can be slow, hang, or crash its process. If there obviously is no driver, no process is
started.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping

#: The libraries of NVIDIA's driver: CUDA and NVML, also in WSL. conda looks for CUDA by the name
#: without a version.
_LIBRARIES = {
    "linux": (
        "libcuda.so.1",
        "libcuda.so",
        "libnvidia-ml.so.1",
        "/usr/lib64/nvidia/libcuda.so.1",
        "/usr/lib/wsl/lib/libcuda.so.1",
    ),
    "win32": ("nvcuda.dll", "nvml.dll"),
}
_NO_CUDA = {"CONDA_OVERRIDE_CUDA": "", "CONDA_OVERRIDE_CUDA_ARCH": ""}
#: How long to wait for a driver, in seconds.
_PATIENCE = 5.0
_PROGRAM = "from conda_multiplat.engines.conda.specs import print_virtual_packages as p; p()"

#: The modules that conda's detector expects, and the queue that it puts its result into.
_FOR_DETECTOR = """\
import ctypes, itertools, os, platform
from contextlib import suppress
class Answer:
    put = staticmethod(print)
"""

#: Virtual packages as (name, version, build).
Found = list[tuple[str, str, str]]


def driver_present() -> bool:
    """Return whether there is an NVIDIA driver, as far as can be seen without asking it."""
    if sys.platform not in _LIBRARIES:
        return False
    import ctypes
    import shutil

    for name in _LIBRARIES[sys.platform]:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return shutil.which("nvidia-smi") is not None


def cuda_possible() -> bool:
    """Return whether this machine may have CUDA, judging by its driver and the user's variables."""
    return bool(os.environ.get("CONDA_OVERRIDE_CUDA")) or driver_present()


def ask_driver() -> Found:
    """Return the virtual packages of this machine, detected in a process of its own.

    Those of CUDA are left out if the driver crashes or does not answer in time.
    """
    return _ask(os.environ) or _ask({**os.environ, **_NO_CUDA})


def _ask(environ: Mapping[str, str]) -> Found:
    command = [sys.executable, "-c", _PROGRAM]
    try:
        done = subprocess.run(
            command, env=environ, capture_output=True, timeout=_PATIENCE, check=True
        )
    except (subprocess.SubprocessError, OSError):
        return []
    return [(name, version, build) for name, version, build in json.loads(done.stdout)]


def cuda_as_conda(detector: Callable[..., object]) -> str | None:
    """Return the CUDA version that conda's own detector finds; ``""`` for none.

    conda runs it in a process that imports half of conda, which takes 0.4 s. The function needs
    only Python's standard library, so here its process imports nothing else.

    Returns:
        ``None`` if the detector can't be run like that, so that conda has to run it.
    """
    import inspect

    try:
        source = inspect.getsource(detector)
    except (OSError, TypeError):
        return None
    program = f"{_FOR_DETECTOR}\n{source}\n{detector.__name__}(Answer)\n"
    command = [sys.executable, "-I", "-S", "-c", program]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return ""
    except OSError:
        return None
    if done.returncode:
        return None if done.returncode == 1 else ""  # 1: Python error; else a crash
    answer = done.stdout.decode().strip()
    return "" if answer == "None" else answer


def cuda_arch() -> str:
    """Return the lowest compute capability of this machine's GPUs (CEP 46); ``""`` for none.

    ``CONDA_OVERRIDE_CUDA_ARCH`` and ``CONDA_OVERRIDE_CUDA`` are taken into account (CEP 30).
    """
    if not (os.environ.get("CONDA_OVERRIDE_CUDA_ARCH") or driver_present()):
        return ""
    return next((version for name, version, _ in ask_driver() if name == "__cuda_arch"), "")

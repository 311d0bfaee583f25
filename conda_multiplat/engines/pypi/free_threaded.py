"""A Python that uv takes for a free-threaded one (PEP 703).

uv can be told the version and the platform to resolve for, but not this: it asks the Python that it
runs, and the machine that locks may have no such Python. So it gets a virtual environment of ours
in which ``sysconfig`` says so.
"""

from __future__ import annotations

import os
from pathlib import Path

_STATED = "import sysconfig; sysconfig.get_config_vars()['Py_GIL_DISABLED'] = 1\n"


def free_threaded_python(folder: Path) -> Path:
    """Return the program of that Python in ``folder``, which is made if it is not there."""
    name = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    if not folder.exists():
        import venv

        venv.EnvBuilder(symlinks=os.name != "nt").create(folder)
        site = next(folder.glob("[Ll]ib/**/site-packages"))
        (site / "free_threaded.pth").write_text(_STATED, encoding="utf-8")
    return folder / name

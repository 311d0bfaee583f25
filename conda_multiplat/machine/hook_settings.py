"""The settings of our hooks in conda's own commands, ``plugins.NAME``.

conda asks for them at each start: nothing is imported here.
"""

#: Setting ``plugins.multiplat_machine``: what to do if the machine lacks what a package needs.
MACHINE = "multiplat_machine"
#: Setting ``plugins.multiplat_drift``: what to do if conda changes a locked prefix.
DRIFT = "multiplat_drift"
#: Setting ``plugins.multiplat_cpu_builds``: what to do if conda chooses a CPU build on a
#: machine that has CUDA.
CPU_BUILDS = "multiplat_cpu_builds"
#: Setting ``plugins.multiplat_variables``: the environment variables that a manifest's channels and
#: ``pip:`` entries may refer to.
VARIABLES = "multiplat_variables"
#: Our environment variable with the same, separated by commas; and conda's for the setting.
VARIABLES_VARIABLE = "CONDA_MULTIPLAT_VARIABLES"
CONDAS_VARIABLE = "CONDA_PLUGINS_MULTIPLAT_VARIABLES"
#: Setting ``plugins.multiplat_pypi_index``: the mirror of PyPI on this machine.
PYPI_INDEX = "multiplat_pypi_index"
#: Our environment variable, which has priority; and conda's for the setting.
PYPI_INDEX_VARIABLE = "CONDA_MULTIPLAT_PYPI_INDEX"
CONDAS_PYPI_INDEX_VARIABLE = "CONDA_PLUGINS_MULTIPLAT_PYPI_INDEX"
#: Setting ``plugins.multiplat_osv_url``: the service that `audit` asks for advisories.
OSV_URL = "multiplat_osv_url"
#: Our environment variable, which has priority; and conda's for the setting.
OSV_URL_VARIABLE = "CONDA_MULTIPLAT_OSV_URL"
CONDAS_OSV_URL_VARIABLE = "CONDA_PLUGINS_MULTIPLAT_OSV_URL"
#: Setting ``plugins.multiplat_run``: what ``run`` and ``shell`` do if the lock is out of date.
RUN = "multiplat_run"
#: Our environment variable, which has priority; and conda's for the setting.
RUN_VARIABLE = "CONDA_MULTIPLAT_RUN"
CONDAS_RUN_VARIABLE = "CONDA_PLUGINS_MULTIPLAT_RUN"
CURRENT, LOCKED, FROZEN = RUN_RULES = ("current", "locked", "frozen")
#: Each setting's default and what it is for.
HOOK_SETTINGS = {
    MACHINE: (
        "error",
        "this machine lacks virtual packages, such as __cuda, that a package to be linked needs",
    ),
    CPU_BUILDS: ("warn", "conda chooses a CPU build although this machine has CUDA"),
    DRIFT: ("warn", "conda changes an environment that `conda multiplat install` has made"),
}

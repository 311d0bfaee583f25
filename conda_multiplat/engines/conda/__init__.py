"""Solve and install conda packages with py-rattler; only this folder imports rattler."""

# First of all: it refuses a version of rattler in which the other modules would not find a name.
from conda_multiplat.engines.conda import rattler_versions as rattler_versions

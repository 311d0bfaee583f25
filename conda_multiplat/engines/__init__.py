"""Implementations of the core's interfaces: rattler for conda, uv for PyPI, OSV for advisories.

Only here is rattler or uv called. Nothing here knows commands, or writes locks and manifests.
"""

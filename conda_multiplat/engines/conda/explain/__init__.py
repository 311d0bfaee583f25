"""Explain what rattler decided: conflicts, versions that are not the newest, CPU builds.

It only asks the solver again and reads repodata; it decides nothing that is locked.
"""

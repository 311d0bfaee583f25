"""Solve environments of a solve-group to the same versions."""

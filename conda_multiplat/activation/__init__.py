"""Activation of an environment as a value, rendered as scripts and module files; pure functions."""

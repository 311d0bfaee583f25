"""Completion in shells: a model derived from the parsers, and a script for each shell."""

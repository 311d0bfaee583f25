"""Completion in shells: what can come next, read off the parsers, and a script for each shell."""

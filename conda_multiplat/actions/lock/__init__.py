"""Manifest and channels to written locks: what is kept, what is solved, what is said."""

"""LockFile -> text, one module for each format."""

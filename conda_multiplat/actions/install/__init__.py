"""A prefix brought to what is locked. Nothing is solved here."""

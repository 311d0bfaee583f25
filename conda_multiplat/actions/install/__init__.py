"""Make a prefix as locked; nothing is solved here."""

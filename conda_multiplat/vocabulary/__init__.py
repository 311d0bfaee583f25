"""Types for the domain: names, channels, MatchSpecs, virtual packages, records, errors.

It imports no other room.
"""

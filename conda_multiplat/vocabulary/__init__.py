"""The field's words as types: names, channels, MatchSpecs, virtual packages, records, errors.

It imports nothing else of ours.
"""

"""From targets to solutions: requests, outcomes, solve-groups, and the engines' interfaces.

Pure functions and protocols: rattler and uv are behind the protocols, in ``engines``.
"""

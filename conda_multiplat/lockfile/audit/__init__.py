"""Compare a lock with known vulnerabilities in OSV's format (Open Source Vulnerability).

Flow::

    LockedTarget --audited()--> Audited: the PyPI projects of a package, or why they are unknown
    JSON --read_advisory()--> Advisory --impact()--> Impact on a version
    both --findings()--> Finding: a vulnerability of a package, with all targets that have it
"""

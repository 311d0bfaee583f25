"""A lock held against known vulnerabilities, which come in OSV's form (Open Source Vulnerability).

Flow::

    LockedTarget --audited()--> Audited: which PyPI project a package is, or why that is unknown
    JSON --read_advisory()--> Advisory --impact()--> Impact on a version
    both --findings()--> Finding: a vulnerability of a package, targets that agree together
"""

"""conda's ``ssl_verify``, as settings for each library and program that uses TLS."""

from __future__ import annotations

import os
import ssl
from functools import cache

from conda_multiplat.vocabulary.errors import OutsideError

#: The value of ``ssl_verify`` for the system's certificate store.
TRUSTSTORE = "truststore"


def certificate_variables(verify: bool | str) -> dict[str, str]:
    """Return environment variables with the certificates for OpenSSL, rattler and uv.

    Args:
        verify: conda's ``ssl_verify``: a boolean, ``truststore``, or a file's or a folder's path.
    """
    if isinstance(verify, bool) or verify == TRUSTSTORE:
        return {}
    return {"SSL_CERT_DIR" if os.path.isdir(verify) else "SSL_CERT_FILE": verify}  # noqa: PTH112


@cache  # loading a file with all authorities takes as long as a request
def tls_context(verify: bool | str) -> ssl.SSLContext:
    """Return the TLS context for Python; ``verify`` is as above.

    Raises:
        OutsideError: the file or folder can't be read.
    """
    if verify == TRUSTSTORE:
        return _of_the_system()
    if not isinstance(verify, bool):
        return _of_authorities(verify)
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _of_authorities(path: str) -> ssl.SSLContext:
    try:
        if certificate_variables(path).get("SSL_CERT_DIR"):
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutsideError(f"ssl_verify: {path} can't be read: {reason}") from None


def _of_the_system() -> ssl.SSLContext:
    """Return a context that uses the system's certificates through ``truststore``, if present."""
    try:
        import truststore
    except ImportError:
        return ssl.create_default_context()
    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return context

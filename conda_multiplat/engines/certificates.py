"""conda's ``ssl_verify`` and ``client_ssl_cert``, for each library and program that uses TLS."""

from __future__ import annotations

import os
import ssl
from functools import cache
from pathlib import Path

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
def tls_context(verify: bool | str, certificate: str = "", key: str = "") -> ssl.SSLContext:
    """Return the TLS context for Python.

    Args:
        verify: as above.
        certificate: a file with the certificate for servers that ask for one, and its key;
            ``""`` for none.
        key: the file with the key, if it is a separate one.

    Raises:
        OutsideError: a file or folder can't be read.
    """
    context = _verifying(verify)
    if certificate:
        try:
            # A key that a password protects would ask for it on the terminal.
            context.load_cert_chain(certificate, key or None, password="")
        except OSError as error:
            raise _unreadable(
                "client_ssl_cert", ", ".join(filter(None, (certificate, key))), error
            ) from None
    return context


def _unreadable(setting: str, what: str, error: OSError) -> OutsideError:
    return OutsideError(f"{setting}: {what} can't be read: {error.strerror or error}")


def _verifying(verify: bool | str) -> ssl.SSLContext:
    if verify == TRUSTSTORE:
        return _of_the_system()
    if not isinstance(verify, bool):
        return _of_authorities(verify)
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def client_certificate(certificate: str, key: str) -> bytes:
    """Return a certificate and its key as one PEM file's content.

    Raises:
        OutsideError: they can't be read.
    """
    files = [file for file in (certificate, key) if file]
    try:
        return b"\n".join(Path(file).read_bytes() for file in files)
    except OSError as error:
        raise _unreadable("client_ssl_cert", str(error.filename), error) from None


def _of_authorities(path: str) -> ssl.SSLContext:
    try:
        if certificate_variables(path).get("SSL_CERT_DIR"):
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        raise _unreadable("ssl_verify", path, error) from None


def _of_the_system() -> ssl.SSLContext:
    """Return a context that uses the system's certificates through ``truststore``, if present."""
    try:
        import truststore
    except ImportError:
        return ssl.create_default_context()
    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return context

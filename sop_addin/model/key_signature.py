"""Signatures of published plans: Ed25519 (RFC 8032), keys as PEM files. Needs the library cryptography, an extra."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from .errors import InputError
from .versions import Version

INSTALL = "install it with `pip install sop-addin[sign]`"

_LARGEST = 100_000


def signature_of(version: Version, key_file: Path) -> str:
    """Base64 of the signature over the version's seal, by the private key in a PEM file without a password.

    Raises InputError where the file is no such key, or cryptography is not installed.
    """
    serialization, exceptions, private, _ = _cryptography()
    try:
        key = serialization.load_pem_private_key(_read(key_file), password=None)
    except (ValueError, TypeError, exceptions.UnsupportedAlgorithm):
        key = None
    if not isinstance(key, private):
        raise InputError(
            f"{key_file} holds no private Ed25519 key without a password; make one with "
            "`openssl genpkey -algorithm ed25519 -out FILE`"
        )
    return base64.b64encode(key.sign(version.sealed_words)).decode("ascii")


def is_signed_by(version: Version, key_file: Path) -> bool:
    """Whether the version carries a signature that the public key in a PEM file confirms. Errors as `signature_of`."""
    serialization, exceptions, _, public = _cryptography()
    try:
        key = serialization.load_pem_public_key(_read(key_file))
    except (ValueError, exceptions.UnsupportedAlgorithm):
        key = None
    if not isinstance(key, public):
        raise InputError(
            f"{key_file} holds no public Ed25519 key; make one with `openssl pkey -in PRIVATE -pubout -out FILE`"
        )
    try:
        key.verify(base64.b64decode(version.signature, validate=True), version.sealed_words)
    except (exceptions.InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _read(file: Path) -> bytes:
    try:
        if file.exists() and not (
            file.is_file() and file.stat().st_size <= _LARGEST
        ):  # a pipe or a device may never end
            raise InputError(f"{file} is no key file; give the PEM file of the key")
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}); give the PEM file of the key") from None


def _cryptography() -> tuple[Any, Any, Any, Any]:
    try:
        from cryptography import exceptions
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    except ImportError:
        raise InputError(f"Signatures need the library cryptography; {INSTALL}") from None
    return serialization, exceptions, Ed25519PrivateKey, Ed25519PublicKey

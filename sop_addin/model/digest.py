"""One fingerprint for whatever is signed, published or sealed: SHA-256 of canonical JSON."""

from __future__ import annotations

import hashlib
import json


def canonical_text(content: object) -> str:
    """JSON with sorted keys and no spaces: the same content gives the same text."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(text: str) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def content_digest(content: object) -> str:
    """Fingerprint of JSON content, however it was ordered."""
    return sha256(canonical_text(content))

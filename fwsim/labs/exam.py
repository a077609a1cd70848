"""Exams: keys of an instructor, and the proof that a result's record was not edited.

The virtual server's home vouches for its own record with a secret that only the instructor's private key can open
(X25519, HKDF, AES-GCM, HMAC-SHA256, all by the `cryptography` library). The grade is not signed but made again from the
record. A learner who is root on the machine can read the home's memory, or run a home of their own making: against that
no file helps; hold the exam on a machine where the learner has no such rights.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"fwsim record"
SIZE = 32  # bytes of a key


class BadKey(ValueError):
    """No key of an instructor."""


class Forged(Exception):
    """The record is not the one that the server vouched for. The message says what shows it."""


def make_keys(path: Path) -> Path:
    """Write a private key to `path` (0600) and its public one beside it, as .pub. Raises FileExistsError."""
    private = X25519PrivateKey.generate()
    public = path.with_name(f"{path.name}.pub")
    for file, text in (
        (path, private.private_bytes_raw().hex()),
        (public, private.public_key().public_bytes_raw().hex()),
    ):
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text + "\n")
    public.chmod(0o644)
    return public


def public_key(path: Path) -> str:
    """The public key in that file, as hex. Raises BadKey, also for a private one beside its public one."""
    raw = _bytes(path)
    pair = path.with_name(f"{path.name}.pub")
    if pair.is_file() and X25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw() == _bytes(pair):
        raise BadKey(f"{path} is the private key, which learners must not have; expected {pair}")
    try:
        X25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise BadKey(f"{path} holds no public key of an instructor") from error
    return raw.hex()


def check(records: Sequence[Mapping[str, Any]], mac: str, sealed: Mapping[str, str], key: Path) -> None:
    """Are these the records that the home vouched for? Raises Forged, BadKey."""
    private = X25519PrivateKey.from_private_bytes(_bytes(key))
    if not sealed:
        raise Forged(
            "nothing vouches for this result: it has no seal, as after a lab that was not started with --exam --key"
        )
    try:
        mine = bytes.fromhex(sealed["from"])
        shared = private.exchange(X25519PublicKey.from_public_bytes(mine))
        derived = HKDF(SHA256(), 32, salt=mine, info=PURPOSE).derive(shared)
        secret = AESGCM(derived).decrypt(bytes.fromhex(sealed["nonce"]), bytes.fromhex(sealed["box"]), None)
    except (KeyError, TypeError, ValueError, InvalidTag) as error:
        raise Forged("the seal does not open with this key: another exam's, another key's, or edited") from error
    text = "\n".join(json.dumps(record, sort_keys=True) for record in records)
    if not hmac.compare_digest(hmac.new(secret, text.encode(), hashlib.sha256).hexdigest(), mac):
        raise Forged("the record was edited after the server had vouched for it")


def _bytes(path: Path) -> bytes:
    try:
        raw = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise BadKey(f"{path}: cannot be read: {error.strerror}; `fwsim lab key FILE` makes a key") from error
    except ValueError as error:
        raise BadKey(f"{path} holds no key; `fwsim lab key FILE` makes one") from error
    if len(raw) != SIZE:
        raise BadKey(f"{path} holds {len(raw)} bytes; expected a key of {SIZE}")
    return raw

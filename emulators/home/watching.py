"""What is asked of a home whose server is watched: to write something down, and to vouch for what was written.

Vouching: the home makes a secret when it starts, keeps it in memory alone, and hands it out only sealed to the public
key (X25519) that it was told. Whoever holds the private key can then prove that the records are those of this home.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from emulators.home.requests import BadRequest
from emulators.server import VirtualServer

PURPOSE = b"fwsim record"  # of the key that seals
HANDED_OVER = "handed-over"
NOTES = {HANDED_OVER: {"lab", "mode", "learner", "speed"}, "hint": {"number", "cost"}, "assessed": {"by"}}
"""What may be told besides what happens, and the fields of each: whoever is watched can reach the socket too."""


class Watching:
    """`seal_to`: a public key as hex, "" for none."""

    def __init__(self, server: VirtualServer, seal_to: str = "") -> None:
        self._server = server
        self._secret = secrets.token_bytes(32)
        self._sealed = _sealed(self._secret, seal_to) if seal_to else {}

    def answer(self, words: dict[str, Any]) -> dict[str, Any]:
        """`tell`: write down a note, an object with its `kind`; what is stored on the server is written down always.

        The answer has the server's time and, where it was started with a key, `mac` and `sealed`. Raises BadRequest.
        """
        note = words.pop("tell", None)
        if words:
            raise BadRequest(f"takes no {', '.join(sorted(words))}; expected tell")
        server = self._server
        if server.watch is None:
            raise BadRequest("nobody watches this server; start it with watch")
        server.watch.look()
        server.watch.inventory()
        if note is not None:
            self._check(note)
            server.world.record(server.now, **note)
        vouched = {"mac": self._mac(server.world.records), "sealed": self._sealed} if self._sealed else {}
        return {"at": server.now, "records": len(server.world.records), **vouched}

    def _check(self, note: object) -> None:
        """Raises BadRequest for a note that would say of the server what it did not do, or give points."""
        if not isinstance(note, dict) or not isinstance(kind := note.get("kind"), str) or kind not in NOTES:
            raise BadRequest(f"tell: expected an object whose kind is one of {', '.join(NOTES)}")
        if unknown := sorted(set(note) - NOTES[kind] - {"kind"}):
            raise BadRequest(f"tell: {kind} takes no {', '.join(unknown)}; expected {', '.join(sorted(NOTES[kind]))}")
        cost = note.get("cost")
        if kind == "hint" and (type(cost) is not int or cost < 0):
            raise BadRequest(f"tell: cost is {cost!r}; expected a whole number of points, 0 or more")
        if kind == HANDED_OVER and any(r["kind"] == HANDED_OVER for r in self._server.world.records):
            raise BadRequest("tell: the server was handed over already")

    def _mac(self, records: Sequence[dict[str, Any]]) -> str:
        text = "\n".join(json.dumps(record, sort_keys=True) for record in records)
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()


def _sealed(secret: bytes, public: str) -> dict[str, str]:
    """The secret, for the eyes of the private key's holder. Raises ValueError for what is no key."""
    to = X25519PublicKey.from_public_bytes(bytes.fromhex(public))
    own = X25519PrivateKey.generate()
    mine = own.public_key().public_bytes_raw()
    key = HKDF(SHA256(), 32, salt=mine, info=PURPOSE).derive(own.exchange(to))
    nonce = secrets.token_bytes(12)
    box = AESGCM(key).encrypt(nonce, secret, None)
    return {"from": mine.hex(), "nonce": nonce.hex(), "box": box.hex()}

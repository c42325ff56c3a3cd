"""Sealing: what is handed in is locked away until the ballot closes, and can be shown unchanged afterwards.

Each opinion lies in a box that only the service's sealing key opens; the key is kept outside the database. Beside the
box stands a commitment, the hash of the opinion and of a number nobody can guess, and the same commitment stands in
the journal. At the close the boxes are opened and compared with the journal, so that an opinion which was exchanged,
taken away or put in later is found, whoever did it. All boxes are of one size: a long opinion looks like a short one.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from workflow import site

# Every box holds a multiple of this many bytes; the longest opinion the form takes fits into one.
BOX = 64 * 1024
# What a sealed file is called and what it is takes less.
SMALL_BOX = 2 * 1024
NONCE = 12


class BrokenSeal(Exception):
    """A sealed opinion is not the one that was handed in: the row has been changed, exchanged or taken away."""


@dataclass(frozen=True)
class Sealed:
    """An opinion in its box, and the hash that binds it."""

    box: bytes
    commitment: str


@dataclass(frozen=True)
class Opened:
    """An opinion as it was handed in, and the number with which its commitment can be checked."""

    answer: dict[str, Any]
    salt: str


def seal(place: str, answer: Mapping[str, Any]) -> Sealed:
    """Lock an answer away.

    :param place: says whose it is and of what; a box opens at its own place alone
    """
    salt = secrets.token_hex(32)
    text = orjson.dumps({"answer": dict(answer), "salt": salt}, option=orjson.OPT_SORT_KEYS)
    return Sealed(lock(place, text), commitment(place, answer, salt))


def unseal(place: str, box: bytes, expected: str) -> Opened:
    """Open a box, and make sure that it holds what its commitment says.

    :raises BrokenSeal: it does not
    """
    said = orjson.loads(unlock(place, box))
    if not hmac.compare_digest(commitment(place, said["answer"], said["salt"]), expected):
        raise BrokenSeal(f"the box at {place} does not hold what the journal says")
    return Opened(said["answer"], said["salt"])


def commitment(place: str, answer: Mapping[str, Any], salt: str) -> str:
    """Return the hash that binds an answer at its place; without the salt nobody can try answers out."""
    text = orjson.dumps([place, dict(answer), salt], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


def lock(place: str, text: bytes, box: int = BOX) -> bytes:
    """Return a text locked up, in a box of the common size."""
    padded = len(text).to_bytes(4, "big") + text
    padded += bytes(-len(padded) % box)
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key(place)).encrypt(nonce, padded, place.encode())


def unlock(place: str, box: bytes) -> bytes:
    """Return what lies in a box.

    :raises BrokenSeal: it was locked with another key or for another place, or has been changed
    """
    try:
        padded = AESGCM(key(place)).decrypt(box[:NONCE], box[NONCE:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise BrokenSeal(f"the box at {place} cannot be opened") from error
    return padded[4 : 4 + int.from_bytes(padded[:4], "big")]


def hide(place: str, form: Mapping[str, Any]) -> dict[str, str]:
    """Return a half-written opinion as it may lie in the database."""
    return {"box": base64.b64encode(lock(place, orjson.dumps(dict(form)))).decode()}


def reveal(place: str, hidden: Mapping[str, Any]) -> dict[str, Any]:
    """Return a half-written opinion to the one who writes it."""
    form: dict[str, Any] = orjson.loads(unlock(place, base64.b64decode(hidden["box"])))
    return form


def fingerprint(text: bytes) -> str:
    """Return a hash of a sealed answer that nobody without the key can try answers against."""
    return hmac.new(key("fingerprint"), text, hashlib.sha256).hexdigest()


def key(place: str) -> bytes:
    """Return the key of a place, made from the service's sealing key."""
    return HKDF(SHA256(), 32, salt=None, info=b"kaimen sealed " + place.encode()).derive(site.current().seal.encode())

"""Passwords: which are refused, how they are kept, and how one is compared with what is kept."""

import secrets
import unicodedata
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from marshmallow import ValidationError

from models import N_

LEAST, MOST = 10, 200

# Argon2id with the second parameters of RFC 9106; a later release may raise them, and `outdated` then tells.
HASHER = PasswordHasher()

# The commonest passwords of at least that length.
COMMON = frozenset((Path(__file__).parent / "common_passwords.txt").read_text("utf-8").split())


def check(password: str, email: str) -> None:
    """Refuse a password that is easily guessed; there is no rule about which characters it holds.

    :raises ValidationError: it is too short, too long, common, or the person's own address
    """
    plain = _normal(password).casefold()
    if len(_normal(password)) < LEAST:
        raise ValidationError({"password": [N_("密码太短，至少 10 个字符；可以用一句只有您知道的话")]})
    if len(password) > MOST:
        raise ValidationError({"password": [N_("密码太长，最多 200 个字符")]})
    if plain in COMMON or len(set(plain)) == 1:
        raise ValidationError({"password": [N_("这个密码太常见，很容易被猜到，请换一个")]})
    if plain in (email.casefold(), email.casefold().partition("@")[0]):
        raise ValidationError({"password": [N_("密码不能和邮箱相同，请换一个")]})


def kept(password: str) -> str:
    """Return what is kept of a password."""
    return HASHER.hash(_normal(password))


def matches(password: str, hashed: str | None) -> bool:
    """Say whether a password is the one that is kept.

    Where nothing is kept the same work is done, so that the time an answer takes does not tell who has an account.
    """
    try:
        return HASHER.verify(hashed or _nobodys(), _normal(password)) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(hashed: str) -> bool:
    """Say whether a password is kept with weaker parameters than are in use now."""
    return HASHER.check_needs_rehash(hashed)


def _normal(password: str) -> str:
    """Return a password as every keyboard and system would have sent it."""
    return unicodedata.normalize("NFKC", password)


def _nobodys() -> str:
    """Return what would be kept of a password that nobody has; it is made once."""
    if not _NOBODYS:
        _NOBODYS.append(kept(secrets.token_urlsafe()))
    return _NOBODYS[0]


_NOBODYS: list[str] = []

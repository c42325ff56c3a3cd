"""Tokens: keys with which a program acts for a person; what is kept cannot be turned back into the key."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from marshmallow import ValidationError
from sqlalchemy import select, update

from models import N_, Token, User, db, now
from workflow.errors import NotFound

READ, WRITE = "read", "write"
SCOPES = (READ, WRITE)
SCOPE_TITLES = {READ: N_("读取您能看到的内容"), WRITE: N_("以您的名义办理")}
PREFIX = "kaimen_"
LONGEST = 366
# The use of a token is noted no more often than this, so that reading does not become writing.
NOTED_EVERY = timedelta(hours=1)


def create_token(user: User, name: str, scopes: Sequence[str], days: int) -> tuple[Token, str]:
    """Make a token and return it with its secret, which is shown once and never again.

    :raises ValidationError: a scope is unknown, none is given, or the token would live for too short or too long
    """
    if not scopes or not set(scopes) <= set(SCOPES):
        raise ValidationError({"scopes": [N_("选择至少一项权限")]})
    if not 1 <= days <= LONGEST:
        raise ValidationError({"days": [N_("有效期为 1 至 366 天")]})
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(
        user_id=user.id,
        name=name.strip(),
        hash=_hash(secret),
        scopes=[scope for scope in SCOPES if scope in scopes],
        expires_at=now() + timedelta(days=days),
    )
    db.session.add(token)
    db.session.commit()
    return token, secret


def token_for(secret: str) -> Token | None:
    """Return the token that a secret belongs to, as long as both it and its person may act."""
    token = db.session.scalar(select(Token).where(Token.hash == _hash(secret)))
    if token is None or token.revoked_at is not None or token.expires_at <= now() or not token.user.is_active:
        return None
    if token.used_at is None or token.used_at < now() - NOTED_EVERY:
        _note_use(token)
    return token


def tokens_of(user: User) -> Sequence[Token]:
    """Return the tokens of a person that have not been revoked, the newest first."""
    mine = select(Token).where(Token.user_id == user.id, Token.revoked_at.is_(None))
    return db.session.scalars(mine.order_by(Token.id.desc())).all()


def revoke(user: User, token_id: int) -> None:
    """End a token at once.

    :raises NotFound: the person has no such token
    """
    token = db.session.get(Token, token_id)
    if token is None or token.user_id != user.id:
        raise NotFound()
    token.revoked_at = token.revoked_at or now()
    db.session.commit()


def _note_use(token: Token) -> None:
    """Note that a token was used, in a transaction that may write even where the request only reads."""
    number = token.id
    db.session.rollback()
    db.session.execute(update(Token).where(Token.id == number).values(used_at=now()))
    db.session.commit()


def _hash(secret: str) -> str:
    """Return what is kept of a secret; it is random and long, so one fast round is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()

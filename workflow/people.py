"""People: how an account comes about, is proved, is entered, and gets another password.

Each function is one transaction. What is asked of an unknown address is answered exactly as for a known one.
"""

import secrets

from email_validator import EmailNotValidError, validate_email
from marshmallow import ValidationError
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from models import N_, Token, User, db, now
from workflow import outbox, passwords
from workflow.errors import Refused
from workflow.links import CONFIRM, HOURS, RESET, Links

LANGUAGES = ("zh", "en")
# A person gets one letter of a sort in so many seconds, however often it is asked for.
QUIET = 300


class WrongPassword(Refused):
    """The address or the password is not right."""

    status = 422


class NotConfirmed(Refused):
    """The address has not been confirmed yet: open the link in the letter we sent you, or ask for a new letter."""

    status = 403


class Superseded(Refused):
    """Your password was changed somewhere else in the same moment; sign in again."""


def address(text: str) -> str:
    """Return an e-mail address in the one form in which it is kept.

    :raises ValidationError: it cannot be an address; whether a letter would arrive is not asked
    """
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        raise ValidationError({"email": [N_("写成 name@example.cn 这样的邮箱")]}) from None


def find(email: str) -> User | None:
    """Return the person with an address, however it is written."""
    try:
        return db.session.scalar(select(User).where(User.email == address(email)))
    except ValidationError:
        return None


def sign_in(email: str, password: str) -> User:
    """Return the person who has this address and this password.

    :raises WrongPassword: there is no such account, or it has another password, or it has been closed
    :raises NotConfirmed: the password is right, but the address has not been confirmed
    """
    user = find(email)
    user_id, hashed = (user.id, user.password) if user else (None, None)
    # The comparison is slow on purpose; meanwhile nobody should wait for this transaction.
    db.session.rollback()
    right = passwords.matches(password, hashed)
    if not right or user is None or user.closed_at is not None:
        raise WrongPassword()
    if passwords.outdated(user.password):
        fresh = passwords.kept(password)
        db.session.execute(update(User).where(User.id == user_id, User.password == hashed).values(password=fresh))
        db.session.commit()
    if user.confirmed_at is None:
        raise NotConfirmed()
    return user


def sign_up(email: str, name: str, password: str, language: str, links: Links) -> None:
    """Open an account that becomes usable when its address is confirmed, and send the link for that.

    A confirmed address gets a letter saying that it has an account. One that was never confirmed may belong to anybody,
    so the newest sign-up replaces the earlier one and makes its links worthless.

    :raises ValidationError: the address, the name or the password cannot be accepted
    """
    email = address(email)
    passwords.check(password, email)
    if not name.strip():
        raise ValidationError({"name": [N_("填写您的姓名")]})
    db.session.rollback()
    hashed = passwords.kept(password)
    user = db.session.scalar(select(User).where(User.email == email).with_for_update())
    if user is not None and user.confirmed_at is not None:
        _write_letter(user, "address_known")
    else:
        if user is None:
            user = User(email=email)
            db.session.add(user)
        else:
            user.epoch += 1
        user.name, user.password, user.language = name.strip(), hashed, known_language(language)
        try:
            db.session.flush()
        except IntegrityError:
            # Somebody signed up with this address in the same moment and has been sent a letter.
            db.session.rollback()
            return
        _write_confirmation(user, links)
    db.session.commit()


def confirm(token: str, links: Links) -> User:
    """Make an account usable; a second use of the link changes nothing.

    :raises LinkExpired: the link is not valid
    """
    user = links.read(CONFIRM, token)
    if user.confirmed_at is None:
        user.confirmed_at = now()
        db.session.commit()
    return user


def ask_confirmation(email: str, links: Links) -> None:
    """Send the link for confirming an address again, if there is an account that needs it."""
    user = find(email)
    if user is not None and user.confirmed_at is None and user.closed_at is None:
        _write_confirmation(user, links)
        db.session.commit()


def ask_reset(email: str, links: Links) -> None:
    """Send a link with which another password can be set, if there is an account with this address."""
    user = find(email)
    if user is not None and user.closed_at is None:
        _write_letter(user, "reset_password", link=links.make(RESET, user), hours=HOURS[RESET])
        db.session.commit()


def reset(token: str, password: str, links: Links) -> User:
    """Set another password by the link of a letter; every session and every token of the person ends.

    The link came by mail, so it proves the address as well.

    :raises LinkExpired: the link is not valid
    :raises ValidationError: the password cannot be accepted
    """
    user = links.read(RESET, token)
    passwords.check(password, user.email)
    user = _renew(user, password)
    user.confirmed_at = user.confirmed_at or now()
    live = (Token.user_id == user.id, Token.revoked_at.is_(None))
    db.session.execute(update(Token).where(*live).values(revoked_at=now()))
    db.session.commit()
    return user


def invite(email: str, name: str) -> User:
    """Return the person with an address; a new account is confirmed, and its password is set by a link.

    Whoever signed up with an address without confirming it may not be the one it belongs to, so that the name and
    the password they chose are not kept.

    :raises ValidationError: it cannot be an address
    """
    email = address(email)
    user = db.session.scalar(select(User).where(User.email == email))
    if user is None:
        user = User(email=email, name=name, password=passwords.kept(secrets.token_urlsafe()))
        db.session.add(user)
    elif user.confirmed_at is None:
        user.name, user.password, user.epoch = name, passwords.kept(secrets.token_urlsafe()), user.epoch + 1
    user.confirmed_at = user.confirmed_at or now()
    db.session.commit()
    return user


def change_password(user: User, current: str, password: str) -> None:
    """Set another password; every other session of the person ends.

    :raises ValidationError: the current password is not right, or the new one cannot be accepted
    """
    hashed = user.password
    passwords.check(password, user.email)
    db.session.rollback()
    if not passwords.matches(current, hashed):
        raise ValidationError({"current": [N_("当前密码不对")]})
    _renew(user, password)
    db.session.commit()


def describe(user: User, name: str, language: str) -> None:
    """Keep how a person wants to be called, and in which language they read."""
    user.name, user.language = name.strip(), known_language(language)
    db.session.commit()


def sign_out_everywhere(user: User) -> None:
    """End every session of a person."""
    user.epoch += 1
    db.session.commit()


def known_language(language: str) -> str:
    """Return a language in which there are letters and pages."""
    return language if language in LANGUAGES else LANGUAGES[0]


def _renew(user: User, password: str) -> User:
    """Give a person another password, unless it has been changed since the person was read."""
    user_id, epoch = user.id, user.epoch
    db.session.rollback()
    hashed = passwords.kept(password)
    locked = db.session.get_one(User, user_id, with_for_update=True, populate_existing=True)
    if locked.epoch != epoch:
        raise Superseded()
    locked.password = hashed
    locked.epoch += 1
    return locked


def _write_confirmation(user: User, links: Links) -> None:
    _write_letter(user, "confirm_address", link=links.make(CONFIRM, user), hours=HOURS[CONFIRM])


def _write_letter(user: User, template: str, **data: str | int) -> None:
    """Put a letter in the outbox; while the same one is still new, no second one is written."""
    key = f"{template}:{user.id}:{user.epoch}:{int(now().timestamp()) // QUIET}"
    letter = {"template": template, "audience": {"user": user.id}, **data}
    outbox.put(db.session, "letter", letter, key=key)

"""The second factor: a code from a person's own device, asked again for every signature, and codes for when it is lost.

A code is taken once. Wrong ones are counted even though the step that asked is undone, and soon cost waiting time.
"""

import base64
import hashlib
import hmac
import logging
import secrets
from datetime import datetime, timedelta
from functools import lru_cache

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from marshmallow import ValidationError
from sqlalchemy import delete, func, select, update

from models import N_, Factor, FactorReset, RecoveryCode, Role, User, db, now
from workflow import outbox, site
from workflow.errors import NotOpen, NotYours

log = logging.getLogger("kaimen.factors")
ISSUER = "Kaimen"
# A code is good for half a minute; the one before and the one after are taken too, because clocks differ.
STEP = 30
WINDOW = 1
RECOVERY_CODES = 10
# So many wrong codes cost nothing; each further one doubles the time in which none is taken.
FREE = 5
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
# Letters and digits that nobody takes for one another.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class WrongCode(ValidationError):
    """A code that was not right; `counted` writes it down when the caller's work has been undone."""

    def __init__(self, person: User, field: str = "code") -> None:
        self.person_id = person.id
        super().__init__({field: [N_("验证码不对，或已经用过。请等下一个验证码再试。")]})


class TooManyWrong(ValidationError):
    """After too many wrong codes none is taken for a while."""

    def __init__(self, until: datetime, field: str = "code") -> None:
        minutes = max(1, -(-int((until - now()).total_seconds()) // 60))
        super().__init__({field: [N_("输错太多次，请 %(minutes)d 分钟后再试。"), {"minutes": minutes}]})


class NotEnrolled(ValidationError):
    """A person who has no second factor cannot give a code of it."""

    def __init__(self, field: str = "code") -> None:
        super().__init__({field: [N_("请先在账户设置里启用两步验证。")]})


def demand(person: User, code: str) -> None:
    """Take a code of a person's second factor, in the caller's transaction; none is taken twice.

    Raises NotEnrolled, TooManyWrong or WrongCode; whoever undoes the work after a WrongCode calls `count` with it.
    """
    _take(person, code, "code")


def count(refusal: Exception) -> None:
    """Write a wrong code down, in a transaction of its own; other refusals are left alone."""
    if not isinstance(refusal, WrongCode):
        return
    factor = db.session.get(Factor, refusal.person_id, with_for_update=True, populate_existing=True)
    if factor is not None:
        factor.failures += 1
        if factor.failures >= FREE:
            factor.closed_until = now() + min(FIRST_PAUSE * 2 ** (min(factor.failures, 20) - FREE), LONGEST_PAUSE)
    db.session.commit()


def enrolled(person: User) -> bool:
    """Say whether a person has a second factor that can be asked for."""
    return _secret(db.session.get(Factor, person.id)) is not None


def codes_left(person: User) -> int:
    """Return how many of a person's recovery codes have not been used."""
    unused = (RecoveryCode.user_id == person.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(select(func.count()).where(*unused)) or 0


def begin(person: User) -> None:
    """Make the secret of a new device; the one in use stays in use until the new one has shown a code."""
    factor = _locked(person)
    if factor is None:
        factor = Factor(user_id=person.id, last_step=0, failures=0)
        db.session.add(factor)
    factor.pending, factor.begun_at = _lock().encrypt(pyotp.random_base32().encode()).decode(), now()
    db.session.commit()


def pending(person: User) -> str | None:
    """Return the secret of a device that is being set up, as people type it."""
    factor = db.session.get(Factor, person.id)
    return _opened(factor.pending) if factor and factor.pending else None


def address(person: User, secret: str) -> str:
    """Return what a device reads from the picture: whose secret it is, and the secret."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=ISSUER))


def confirm(person: User, code: str, current: str = "") -> list[str]:
    """Put a device to use by its first code, and return new recovery codes, which are shown this once.

    :param current: a code of the device in use, or a recovery code, where there is one in use

    Raises as `demand` does, for `current` and for `code`.
    """
    try:
        if enrolled(person):
            _take(person, current, "current")
        factor = _locked(person)
        secret = _opened(factor.pending) if factor and factor.pending else None
        if factor is None or secret is None:
            raise NotEnrolled()
        step = _step_of(secret, code)
        if step is None:
            raise WrongCode(person)
        factor.secret, factor.pending, factor.confirmed_at = factor.pending, None, now()
        factor.last_step, factor.failures, factor.closed_until = step, 0, None
        codes = _new_codes(person)
        _tell(person, "factor_on", factor)
        db.session.commit()
    except ValidationError as refusal:
        db.session.rollback()
        count(refusal)
        raise
    return codes


def renew_codes(person: User, code: str) -> list[str]:
    """Return new recovery codes for a code of the second factor; those from before are worth nothing any more.

    Raises as `demand` does.
    """
    try:
        demand(person, code)
        codes = _new_codes(person)
        db.session.commit()
    except ValidationError as refusal:
        db.session.rollback()
        count(refusal)
        raise
    return codes


def switch_off(person: User, code: str) -> None:
    """Do without a second factor from now on, for a code of it. Raises as `demand` does."""
    try:
        demand(person, code)
        factor = _locked(person)
        if factor is not None:
            _tell(person, "factor_off", factor)
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person.id))
        db.session.execute(delete(Factor).where(Factor.user_id == person.id))
        db.session.commit()
    except ValidationError as refusal:
        db.session.rollback()
        count(refusal)
        raise


def reset(person: User, reason: str, by: User) -> None:
    """Take the second factor off a person who has lost it, with its recovery codes; the person sets one up anew.

    Whoever does this has made sure who the person is.

    :raises NotYours: it is one's own, or the other is no steward
    :raises NotOpen: there is no second factor
    """
    if Role.STEWARD not in by.roles or by.id == person.id:
        raise NotYours("second_factor")
    if _locked(person) is None:
        db.session.rollback()
        raise NotOpen("second_factor")
    done = FactorReset(user_id=person.id, by_id=by.id, reason=reason)
    db.session.add(done)
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person.id))
    db.session.execute(delete(Factor).where(Factor.user_id == person.id))
    db.session.flush()
    letter = {"template": "factor_reset", "audience": {"user": person.id}, "reason": " ".join(reason.split())}
    outbox.put(db.session, "letter", letter, key=f"factor_reset:{done.id}")
    db.session.commit()
    log.info("the second factor of person %s was taken off by %s", person.id, by.id)


def resets(person: User) -> list[FactorReset]:
    """Return how often a person's second factor was taken off, the latest first."""
    return list(
        db.session.scalars(select(FactorReset).where(FactorReset.user_id == person.id).order_by(FactorReset.id.desc()))
    )


def _take(person: User, code: str, field: str) -> None:
    """Take a code of a person's device or a recovery code, told apart by whether it is a number."""
    factor = _locked(person)
    secret = _secret(factor)
    if factor is None or secret is None:
        raise NotEnrolled(field)
    if factor.closed_until is not None and factor.closed_until > now():
        raise TooManyWrong(factor.closed_until, field)
    if code.isdecimal():
        step = _step_of(secret, code)
        if step is None or step <= factor.last_step:
            raise WrongCode(person, field)
        factor.last_step = step
    elif not _take_recovery_code(person, code):
        raise WrongCode(person, field)
    factor.failures, factor.closed_until = 0, None
    db.session.flush()


def _take_recovery_code(person: User, code: str) -> bool:
    """Use a recovery code up; say whether there was such a one."""
    unused = (RecoveryCode.user_id == person.id, RecoveryCode.used_at.is_(None), RecoveryCode.hash == _hashed(code))
    used = update(RecoveryCode).where(*unused).values(used_at=now()).returning(RecoveryCode.id)
    return db.session.scalar(used) is not None


def _new_codes(person: User) -> list[str]:
    """Make a person's recovery codes anew."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person.id))
    codes = ["-".join(_letters() for _ in range(3)) for _ in range(RECOVERY_CODES)]
    db.session.add_all([RecoveryCode(user_id=person.id, hash=_hashed(code)) for code in codes])
    return codes


def _letters() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(4))


def _step_of(secret: str, code: str) -> int | None:
    """Return the half minute whose code this is, or nothing; every one is compared, however early one fits."""
    totp, here = pyotp.TOTP(secret), int(now().timestamp()) // STEP
    around = [here + shift for shift in range(-WINDOW, WINDOW + 1)]
    right = [step for step in around if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())]
    return max(right, default=None)


def _locked(person: User) -> Factor | None:
    """Return a person's factor, which nobody else judges a code by meanwhile."""
    return db.session.get(Factor, person.id, with_for_update=True, populate_existing=True)


def _secret(factor: Factor | None) -> str | None:
    return _opened(factor.secret) if factor and factor.secret else None


def _opened(locked: str) -> str | None:
    """Return a secret in clear; none where the key has changed since, so that the person has to begin anew."""
    try:
        return _lock().decrypt(locked.encode()).decode()
    except InvalidToken:
        return None


def _lock() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(site.current().secret)))


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    """Return the key of the secrets of second factors: derived from the service's own, and good for nothing else."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"kaimen second factor").derive(secret.encode())


def _hashed(code: str) -> str:
    """Return what is kept of a recovery code; it is random, and the key of the service is needed to try guesses."""
    plain = "".join(char for char in code.lower() if char.isalnum())
    return hmac.new(_key(site.current().secret), plain.encode(), hashlib.sha256).hexdigest()


def _tell(person: User, template: str, factor: Factor) -> None:
    """Write to a person that their second factor has changed."""
    letter = {"template": template, "audience": {"user": person.id}}
    outbox.put(db.session, "letter", letter, key=f"{template}:{person.id}:{factor.last_step}")

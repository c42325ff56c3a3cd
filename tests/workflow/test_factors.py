"""The second factor: a code is taken once, wrong ones soon cost time, and no secret lies open."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pyotp
import pytest
from sqlalchemy import select

from api.worker import background_of
from models import Factor, Letter, RecoveryCode, User, db
from workflow import factors
from workflow.factors import FREE, RECOVERY_CODES, NotEnrolled, TooManyWrong, WrongCode

pytestmark = pytest.mark.usefixtures("context")
CLOCK: list[SimpleNamespace] = []


@pytest.fixture
def citizen(people) -> User:
    """Return a person who signs."""
    return person(people.citizen)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Return the moment it is, which only the test moves: no code grows old in the middle of one."""
    here = SimpleNamespace(moment=datetime(2026, 11, 23, 9, 0, 10, tzinfo=UTC))
    monkeypatch.setattr(factors, "now", lambda: here.moment)
    CLOCK[:] = [here]
    return here


def now() -> datetime:
    return CLOCK[0].moment


def person(email: str) -> User:
    return db.session.scalars(select(User).where(User.email == email)).one()


def code_of(secret: str, shift: int = 0) -> str:
    """Return the code that a device shows so many half minutes from now."""
    return pyotp.TOTP(secret).at(now() + timedelta(seconds=30 * shift))


def enrol(citizen: User) -> tuple[str, list[str]]:
    """Set a device up as a person does; return its secret and the recovery codes."""
    factors.begin(citizen)
    secret = factors.pending(citizen)
    return secret, factors.confirm(citizen, code_of(secret))


def fresh(secret: str) -> str:
    """Return a code that has not been used by enrolling: the next one, which is taken already."""
    return code_of(secret, 1)


def tried(citizen: User, code: str) -> Exception | None:
    """Try a code as a step does: what the step did is undone when the code is refused."""
    try:
        factors.demand(citizen, code)
        db.session.commit()
    except (WrongCode, TooManyWrong, NotEnrolled) as refusal:
        db.session.rollback()
        factors.count(refusal)
        return refusal
    return None


def wrong(secret: str) -> str:
    """Return a code that is not right now, nor soon."""
    right = {code_of(secret, shift) for shift in range(-3, 4)}
    return next(code for code in (str(digit) * 6 for digit in range(10)) if code not in right)


def test_who_has_no_device_gives_no_code(citizen):
    assert not factors.enrolled(citizen)
    assert isinstance(tried(citizen, "123456"), NotEnrolled)
    assert isinstance(tried(citizen, "abcdefghjkmn"), NotEnrolled)


def test_a_device_that_has_shown_no_code_is_not_in_use(citizen):
    factors.begin(citizen)
    secret = factors.pending(citizen)
    assert not factors.enrolled(citizen)
    assert isinstance(tried(citizen, code_of(secret)), NotEnrolled)
    with pytest.raises(WrongCode):
        factors.confirm(citizen, wrong(secret))
    assert not factors.enrolled(citizen)


def test_a_device_confirmed_by_its_first_code_is_in_use(citizen):
    secret, codes = enrol(citizen)
    assert factors.enrolled(citizen)
    assert factors.pending(citizen) is None
    assert tried(citizen, fresh(secret)) is None
    assert len(set(codes)) == RECOVERY_CODES


def test_the_code_that_enrolled_is_not_taken_again(citizen):
    secret, _ = enrol(citizen)
    assert isinstance(tried(citizen, code_of(secret)), WrongCode)


def test_a_code_is_taken_once(citizen):
    secret, _ = enrol(citizen)
    code = fresh(secret)
    assert tried(citizen, code) is None
    assert isinstance(tried(citizen, code), WrongCode)


def test_a_code_from_before_the_last_one_is_not_taken(citizen):
    secret, _ = enrol(citizen)
    assert tried(citizen, fresh(secret)) is None
    assert isinstance(tried(citizen, code_of(secret)), WrongCode)


def test_a_stale_code_is_refused(citizen, clock):
    secret, _ = enrol(citizen)
    clock.moment += timedelta(minutes=10)
    assert isinstance(tried(citizen, code_of(secret, -2)), WrongCode)
    assert isinstance(tried(citizen, code_of(secret, 2)), WrongCode)
    assert tried(citizen, code_of(secret, -1)) is None


def test_another_persons_code_is_refused(citizen, people):
    secret, codes = enrol(person(people.stranger))
    enrol(citizen)
    assert isinstance(tried(citizen, fresh(secret)), WrongCode)
    assert isinstance(tried(citizen, codes[0]), WrongCode)


def test_a_code_used_for_work_that_was_undone_may_be_used_again(citizen):
    secret, codes = enrol(citizen)
    for code in (fresh(secret), codes[0]):
        factors.demand(citizen, code)
        db.session.rollback()
        assert tried(citizen, code) is None


def test_a_recovery_code_stands_in_once_however_it_is_written(citizen):
    _, codes = enrol(citizen)
    assert tried(citizen, codes[0].upper().replace("-", " ")) is None
    assert isinstance(tried(citizen, codes[0]), WrongCode)
    assert factors.codes_left(citizen) == RECOVERY_CODES - 1


def test_wrong_codes_soon_cost_time(citizen, clock):
    secret, codes = enrol(citizen)
    for _ in range(FREE):
        assert isinstance(tried(citizen, wrong(secret)), WrongCode)
    assert isinstance(tried(citizen, fresh(secret)), TooManyWrong)
    assert isinstance(tried(citizen, codes[0]), TooManyWrong)
    clock.moment += factors.FIRST_PAUSE
    assert isinstance(tried(citizen, wrong(secret)), WrongCode)
    closed = db.session.get(Factor, citizen.id, populate_existing=True).closed_until
    assert closed - now() == 2 * factors.FIRST_PAUSE
    assert isinstance(tried(citizen, code_of(secret)), TooManyWrong)
    clock.moment = closed
    assert tried(citizen, code_of(secret)) is None
    assert db.session.get(Factor, citizen.id, populate_existing=True).failures == 0


def test_wrong_codes_never_close_for_longer_than_an_hour(citizen):
    secret, _ = enrol(citizen)
    db.session.execute(db.update(Factor).values(failures=10_000))
    db.session.commit()
    tried(citizen, wrong(secret))
    closed = db.session.get(Factor, citizen.id, populate_existing=True).closed_until
    assert closed - now() <= factors.LONGEST_PAUSE


def test_secrets_and_recovery_codes_do_not_lie_open(citizen):
    secret, codes = enrol(citizen)
    factor = db.session.get(Factor, citizen.id, populate_existing=True)
    assert secret not in str(vars(factor))
    hashes = db.session.scalars(select(RecoveryCode.hash)).all()
    assert not {code for code in codes for kept in hashes if code.replace("-", "") in kept}


def test_a_changed_key_of_the_service_means_to_begin_anew(app, citizen):
    secret, codes = enrol(citizen)
    background_of(app).__dict__.pop("site")
    app.config["SECRET_KEY"] = "another"
    assert not factors.enrolled(citizen)
    assert isinstance(tried(citizen, fresh(secret)), NotEnrolled)
    assert isinstance(tried(citizen, codes[0]), NotEnrolled)
    again, _ = enrol(citizen)
    assert tried(citizen, fresh(again)) is None


def test_a_device_is_replaced_by_a_code_of_the_one_in_use(citizen):
    old, codes = enrol(citizen)
    factors.begin(citizen)
    new = factors.pending(citizen)
    with pytest.raises(WrongCode) as refusal:
        factors.confirm(citizen, code_of(new), wrong(old))
    assert "current" in refusal.value.messages
    with pytest.raises(WrongCode) as refusal:
        factors.confirm(citizen, wrong(new), fresh(old))
    assert "code" in refusal.value.messages
    assert tried(citizen, fresh(old)) is None, "the old device is in use until the new one has shown a code"
    fresh_codes = factors.confirm(citizen, code_of(new), codes[0])
    assert isinstance(tried(citizen, codes[1]), WrongCode)
    assert tried(citizen, fresh_codes[1]) is None
    assert tried(citizen, fresh(new)) is None


def test_new_recovery_codes_end_the_earlier_ones(citizen):
    secret, codes = enrol(citizen)
    with pytest.raises(WrongCode):
        factors.renew_codes(citizen, wrong(secret))
    again = factors.renew_codes(citizen, fresh(secret))
    assert isinstance(tried(citizen, codes[0]), WrongCode)
    assert tried(citizen, again[0]) is None


def test_switching_off_takes_a_code(citizen):
    secret, codes = enrol(citizen)
    with pytest.raises(WrongCode):
        factors.switch_off(citizen, wrong(secret))
    assert factors.enrolled(citizen)
    factors.switch_off(citizen, codes[3])
    assert not factors.enrolled(citizen)
    assert db.session.scalars(select(RecoveryCode)).all() == []


def test_a_letter_tells_of_each_change(app, citizen):
    secret, _ = enrol(citizen)
    background_of(app).work()
    factors.switch_off(citizen, fresh(secret))
    background_of(app).work()
    letters = db.session.scalars(select(Letter).where(Letter.user_id == citizen.id).order_by(Letter.id)).all()
    assert [letter.template for letter in letters] == ["factor_on", "factor_off"]
    assert not any(secret in letter.text for letter in letters)

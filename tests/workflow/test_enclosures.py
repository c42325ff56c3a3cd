"""Files of a sealed opinion: nobody reads them before the close, and then they are those that were handed in."""

from io import BytesIO

import pytest
from marshmallow import ValidationError

from models import File, Incident, Opinion, db
from tests.consulted import MEMBERS, NO_TIE, opinion, to_seat
from workflow import access, casework, consultations, files, replay, store
from workflow.errors import Failed, NotFound, NotOpen
from workflow.stages import STEPS

pytestmark = pytest.mark.usefixtures("context")
CONTENT = "这一句话在启封以前谁也不能看到，包括运维人员和审计员。".encode()
NAME = "反对理由的证据.txt"
STEP = STEPS["give_opinion"]


@pytest.fixture
def case(walker):
    """Return a case whose seven members read the file."""
    case = walker.at("seat_experts")
    seated = [("seat_experts", "secretary", to_seat(walker))]
    return walker.take(case, [*seated, *[("declare_interest", who, NO_TIE) for who in MEMBERS]])


@pytest.fixture
def keep(walker, case):
    """Return what keeps a file of a member."""

    def kept(who: str, content: bytes = CONTENT, name: str = NAME) -> int:
        return files.keep(BytesIO(content), name, case, walker.person(who), STEP, "attachments").id

    return kept


@pytest.fixture
def give(walker, case):
    """Return what lets a member give an opinion with some files."""

    def given(who: str, *numbers: int, stance: str = "oppose") -> None:
        answer = opinion(stance) | {"attachments": list(numbers)}
        casework.submit(case, "give_opinion", answer, actor=walker.person(who))

    return given


def everything() -> bytes:
    """Return every row of every table, and every file of the store."""
    rows = [repr(row) for table in db.metadata.sorted_tables for row in db.session.execute(db.select(table))]
    lying = [path.read_bytes() for path in sorted(store_folder().rglob("*")) if path.is_file()]
    assert lying
    return b"\n".join([*(row.encode() for row in rows), *lying])


def store_folder():
    """Return the folder of the store."""
    return store.Path(str(store.opened().prefix))


def close(walker, case) -> None:
    """Let the time run out, and the ballot be opened."""
    walker.expire(case, "expert_opinion")
    casework.signal(case, "open_ballot")


def test_before_the_close_nothing_tells_a_files_name_or_content(walker, case, keep, give, caplog):
    number = keep("expert1")
    keep("expert2", CONTENT * 2)
    give("expert1", number)
    casework.save(case, "give_opinion", {"attachments": [str(keep("expert3"))]}, actor=walker.person("expert3"))
    walker.work()
    said = everything() + caplog.text.encode()
    for secret in (
        CONTENT,
        NAME.encode(),
        "反对理由".encode(),
        repr(NAME).encode("unicode_escape")[1:-1],
        b"text/plain",
    ):
        assert secret not in said
    assert len(set(db.session.scalars(db.select(File.size)))) == 1


def test_a_sealed_file_is_read_by_who_handed_it_in_and_by_nobody_else(walker, case, keep, give):
    number = keep("expert1")
    give("expert1", number)
    own = files.find(case, number, walker.person("expert1"))
    assert (files.facts(own).name, b"".join(files.content(own))) == (NAME, CONTENT)
    for who in ("expert2", "secretary", "auditor", "reviewer", "authority", "citizen", "desk", "steward"):
        with pytest.raises(NotFound):
            files.find(case, number, walker.person(who))
        assert number not in {each.id for each in files.listed(case, walker.person(who))}


def test_after_the_close_who_reads_the_opinions_reads_their_files(walker, case, keep, give):
    number = keep("expert1")
    give("expert1", number)
    for who in MEMBERS[1:]:
        give(who, stance="support")
    casework.signal(case, "open_ballot")
    [said] = [each.answer for each in consultations.current(case).opinions if each.seat == 1]
    assert said["files"][str(number)]["name"] == NAME
    for who in ("expert1", "expert2", "secretary", "auditor", "reviewer", "authority"):
        file = files.find(case, number, walker.person(who))
        assert (file.name, file.media_type, b"".join(files.content(file))) == (NAME, "text/plain", CONTENT)
    assert file.sha256 == said["files"][str(number)]["sha256"]
    for who in ("citizen", "desk", "steward", "expert9"):
        with pytest.raises(NotFound):
            files.find(case, number, walker.person(who))
    assert replay.faults(case) == []


@pytest.mark.parametrize("tamper", ["bytes", "exchanged", "removed", "hidden", "row"])
def test_a_file_that_was_tampered_with_keeps_the_ballot_shut(walker, case, keep, give, tamper):
    numbers = [keep("expert1"), keep("expert2", CONTENT * 2)]
    for who, number in zip(MEMBERS, numbers, strict=False):
        give(who, number)
    for who in MEMBERS[2:6]:
        give(who, stance="support")
    file, other = (db.session.get(File, number) for number in numbers)
    lying = store_folder() / store.path(file.sha256)
    if tamper == "bytes":
        held = bytearray(lying.read_bytes())
        held[100] ^= 1
        lying.write_bytes(held)
        # Whoever can write into the store can give the row the new hash as well.
        file.sha256, _ = store.put(bytes(held))
    elif tamper == "exchanged":
        file.sha256 = other.sha256
    elif tamper == "removed":
        lying.unlink()
    elif tamper == "hidden":
        file.box = None
    else:
        db.session.delete(file)
    db.session.commit()
    with pytest.raises(Failed):
        close(walker, case)
    assert db.session.scalar(db.select(db.func.count()).select_from(Opinion)) == 0
    assert "BrokenSeal" in db.session.scalar(db.select(Incident.error))
    assert CONTENT not in everything()


def test_only_ones_own_sealed_files_go_with_an_opinion(walker, case, keep, give):
    for number in (keep("expert2"), 4711):
        with pytest.raises(ValidationError, match="attachments"):
            give("expert1", number)
    give("expert2", keep("expert2"))


def test_with_a_changed_opinion_the_last_files_are_opened_and_the_others_never(walker, case, keep, give):
    first = keep("expert1")
    give("expert1", first)
    second = keep("expert1", "另一份证据。".encode(), "改定稿.txt")
    give("expert1", second)
    for who in MEMBERS[1:]:
        give(who, stance="support")
    casework.signal(case, "open_ballot")
    with pytest.raises(NotFound):
        files.find(case, first, walker.person("secretary"))
    assert files.find(case, second, walker.person("secretary")).name == "改定稿.txt"
    assert CONTENT not in everything()


def test_the_files_of_who_takes_an_opinion_back_are_never_opened(walker, case, keep, give):
    number = keep("expert1")
    give("expert1", number)
    gone = walker.person("expert1")
    casework.submit(case, "recuse", {"interest_text": "刚刚接受了申请单位的委托。"}, actor=gone)
    assert not access.may_see(gone, case)
    for who in MEMBERS[1:]:
        give(who, stance="support")
    close(walker, case)
    for who in ("expert1", "secretary"):
        with pytest.raises(NotFound):
            files.find(case, number, walker.person(who))
    assert NAME.encode() not in everything()


def test_a_file_is_kept_by_who_sits_and_while_the_ballot_is_open(walker, case, keep):
    with pytest.raises(NotOpen):
        keep("expert9")
    with pytest.raises(ValidationError):
        keep("expert1", b"MZ\x90\x00", "a.pdf")

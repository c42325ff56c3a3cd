"""Every role at every file, download and upload of a case that is not theirs; and what travels over the wire."""

import io
import socket
import threading
import time
from contextlib import closing

import pytest
from werkzeug.serving import make_server

from models import Access, Case, Companion, Dataset, Entitlement, File, Role, User, db, now
from tests.grants import granted
from tests.samples import CSV, PDF, PNG
from tests.walks import Walker
from workflow import files, resources, tokens
from workflow.fields import Answer, Attachments
from workflow.stage import Step

# Werkzeug leaves the half of a file to the garbage collector, which closes it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
EVERYBODY = (
    "citizen",
    "stranger",
    "desk",
    "steward",
    "authority",
    "auditor",
    "clerk",
    "reviewer",
    "decider",
    "security",
)
EVERYBODY += ("other_clerk", "other_reviewer", "other_decider", "operator")
TABLE = "站点名称,空闲枪数,采集时间\n" + "".join(f"站点{number},{number},2026-01-01\n" for number in range(100))


class Papers(Answer):
    """An answer with papers."""

    attachments = Attachments()
    secret = Attachments(metadata={"private": "restricted"})


ASKED = Step("clarify_demand", "demand", Role.REQUESTER, Papers, lambda case, answer, person: None)


@pytest.fixture
def place(app, people, walker: Walker):
    """Return the addresses of a case with a draft, an attached and a restricted file, and of an entitlement."""
    with app.app_context():
        case, citizen = walker.at("assess_demand"), walker.person("citizen")
        kept = {}
        for word, field in (("draft", "attachments"), ("plain", "attachments"), ("secret", "secret")):
            kept[word] = files.keep(io.BytesIO(PDF), f"{word}.pdf", case, citizen, ASKED, field).id
        files.attach(case, [kept["plain"]], citizen)
        files.attach(case, [kept["secret"]], citizen, "secret")
        db.session.commit()
        dataset = walker.at("amend_listing").listing.dataset
        resources.load(dataset, io.BytesIO(TABLE.encode()), None)
        entitlement = granted(walker, dataset, case, quota={"downloads": 2}, items=["站点名称"], watermark=True)
        db.session.commit()
        return {
            "case": case.reference,
            "code": dataset.code,
            "entitlement": entitlement.reference,
            **{word: f"/cases/{case.reference}/files/{number}" for word, number in kept.items()},
        }


@pytest.fixture
def status(client_of, people):
    """Return a function that says with what status a person is answered."""

    def asked(word, address, **how):
        method = how.pop("method", "GET")
        with client_of(getattr(people, word)).open(address, method=method, **how) as answer:
            answer.get_data()
            return answer.status_code

    return asked


@pytest.fixture(autouse=True)
def _no_forms(app):
    app.config["WTF_CSRF_ENABLED"] = False


def test_every_role_tries_every_file(status, place):
    may = {
        "draft": {"citizen"},
        "plain": {"citizen", "clerk", "reviewer", "decider", "security", "desk", "authority", "auditor"},
        "secret": {"citizen", "reviewer", "decider", "security"},
    }
    for file, readers in may.items():
        for prefix in ("", "/api/v1"):
            for word in EVERYBODY:
                assert status(word, prefix + place[file]) == (200 if word in readers else 404), (file, word, prefix)
    for file in may:
        for word in set(EVERYBODY) - {"citizen"}:
            expected = 409 if word in may[file] else 404
            assert status(word, f"{place[file]}/remove", method="POST") == expected, (file, word)
            assert status(word, f"/api/v1{place[file]}", method="DELETE") == expected, (file, word)


def test_every_role_tries_every_list_of_files(client_of, people, place):
    for word in EVERYBODY:
        answer = client_of(getattr(people, word)).get(f"/api/v1/cases/{place['case']}/files")
        if word in ("stranger", "steward", "other_clerk", "other_reviewer", "other_decider", "operator"):
            assert answer.status_code == 404
        else:
            names = {file["name"] for file in answer.json["items"]}
            assert ("draft.pdf" in names) == (word == "citizen")
            assert ("secret.pdf" in names) == (word in ("citizen", "reviewer", "decider", "security"))


def test_every_role_tries_to_hand_in_a_file(app, status, place):
    with app.app_context():
        before = db.session.scalar(db.select(db.func.count(File.id)))
    for word in EVERYBODY:
        for address in (
            f"/cases/{place['case']}/steps/assess_demand/files",
            f"/cases/{place['case']}/steps/nothing/files",
        ):
            form = {"file": (io.BytesIO(PDF), "x.pdf"), "field": "attachments"}
            assert status(word, address, method="POST", data=form) in (403, 404, 409), (word, address)
            raw = f"/api/v1{address}?name=x.pdf"
            assert status(word, raw, method="POST", data=PDF) in (403, 404, 409), (word, raw)
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(File.id))) == before


def test_a_file_is_given_out_to_be_kept_and_not_to_be_opened(app, client_of, people, place):
    answer = client_of(people.citizen).get(place["plain"])
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="plain.pdf"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Length"] == str(len(PDF))


def test_a_name_reaches_the_header_unharmed(app, client_of, people, place, walker):
    with app.app_context():
        case = db.session.scalars(db.select(Case).where(Case.reference == place["case"])).one()
        name = '报 "告"\r\nX-Evil: 1.png'
        number = files.keep(io.BytesIO(PNG), name, case, walker.person("citizen"), ASKED, "attachments").id
    answer = client_of(people.citizen).get(f"/cases/{place['case']}/files/{number}")
    assert "X-Evil" not in answer.headers
    assert "%E6%8A%A5" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Disposition"].isascii()


def test_whoever_has_not_signed_in_gets_no_file_and_no_data(app, place):
    for address in (place["plain"], f"/entitlements/{place['entitlement']}/data.csv", "/entitlements"):
        assert app.test_client().get(address).status_code == 303
        assert app.test_client().get(f"/api/v1{address}").status_code == 401


def test_every_role_tries_every_download(app, status, place):
    page = f"/entitlements/{place['entitlement']}"
    see = {"citizen", "clerk", "reviewer", "decider", "security", "desk", "authority", "auditor", "operator"}
    for word in set(EVERYBODY) - {"citizen"}:
        for address in (page, f"{page}/data.csv", f"{page}/data.parquet"):
            for prefix in ("", "/api/v1"):
                expected = 404 if word not in see else 200 if address == page else 403
                assert status(word, prefix + address) == expected, (word, prefix + address)
        assert status(word, f"/api/v1{page}/accesses") == (200 if word in see else 404)
    with app.app_context():
        kinds = db.session.scalars(db.select(Access.kind)).all()
        # Both forms over both ways, of those who see the entitlement and are not named in it.
        assert kinds == ["refused"] * 4 * (len(see) - 1)


def test_the_named_person_downloads_what_was_agreed_until_the_quota_is_used_up(app, client_of, people, place):
    client, page = client_of(people.citizen), f"/entitlements/{place['entitlement']}"
    answer = client.get(f"{page}/data.csv")
    said = answer.data.decode().split("\r\n")
    assert said[:2] == ["站点名称,kaimen_entitlement", f"站点0,{place['entitlement']}"]
    assert len(said) == 102
    assert f"{place['entitlement']}_{place['code']}_v1.csv" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert client.head(f"{page}/data.csv").status_code == 200
    assert client.get(f"/api/v1{page}/data.parquet").data[:4] == b"PAR1"
    refused = client.get(f"{page}/data.csv")
    assert refused.status_code == 403
    assert 'role="alert"' in refused.text
    problem = client.get(f"/api/v1{page}/data.csv")
    assert (problem.status_code, problem.json["type"]) == (403, "/api/problems/used-up")
    assert client.head(f"{page}/data.csv").status_code == 403
    log = client.get(f"/api/v1{page}/accesses").json["items"]
    assert [line["outcome"] for line in log] == ["refused", "refused", "finished", "finished"]
    sheet = client.get(f"/api/v1{page}").json
    assert (sheet["share"]["downloads_used"], sheet["open"], sheet["data"]["rows"]) == (2, False, 100)
    assert [each["reference"] for each in client.get("/api/v1/entitlements").json["items"]] == [place["entitlement"]]


def test_no_other_site_uses_up_a_persons_share(app, client_of, people, place):
    page = f"/entitlements/{place['entitlement']}"
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Purpose": "prefetch"}):
        assert client_of(people.citizen).get(f"{page}/data.csv", headers=header).status_code == 303
        assert client_of(people.citizen).get(f"/api/v1{page}/data.csv", headers=header).status_code == 403
    with app.app_context():
        assert db.session.scalars(db.select(Access)).all() == []


def test_a_program_downloads_with_a_token(app, people, place):
    with app.app_context():
        user = db.session.scalars(db.select(User).where(User.email == people.citizen)).one()
        _, secret = tokens.create_token(user, "download", [tokens.READ], 1)
    answer = app.test_client().get(
        f"/api/v1/entitlements/{place['entitlement']}/data.csv", headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 200
    assert answer.data.startswith("站点名称".encode())


def test_two_downloads_at_once_do_not_take_more_than_is_allowed(app, people, place):
    app.login_manager.session_protection = None
    with app.app_context():
        key = db.session.scalars(db.select(User).where(User.email == people.citizen)).one().get_id()
        db.session.execute(db.update(Entitlement).values(quota={"downloads": 3}))
        db.session.commit()
    found, barrier = [], threading.Barrier(6)

    def take():
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = key, True
        barrier.wait(20)
        with client.get(f"/entitlements/{place['entitlement']}/data.csv") as answer:
            answer.get_data()
            found.append(answer.status_code)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == [200, 200, 200, 403, 403, 403]


@pytest.fixture
def served(app):
    """Return the port of the service, behind a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def cookie(app, people, who=None):
    client = app.test_client()
    app.login_manager.session_protection = None
    with app.app_context():
        key = db.session.scalars(db.select(User).where(User.email == (who or people.citizen))).one().get_id()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = key, True
    return f"session={client.get_cookie('session').value}"


def test_a_body_that_breaks_off_leaves_nothing(app, people, place, served):
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + PDF + b"\r\n--x--\r\n"
    whole = {
        f"/cases/{place['case']}/steps/assess_demand/files": (form, "multipart/form-data; boundary=x"),
        f"/api/v1/cases/{place['case']}/steps/assess_demand/files?name=a.pdf": (PDF, "application/octet-stream"),
    }
    for address, (body, kind) in whole.items():
        head = f"POST {address} HTTP/1.1\r\nHost: x\r\nCookie: {cookie(app, people)}\r\nContent-Type: {kind}\r\n"
        head += f"Content-Length: {len(body) + 1000}\r\n\r\n"
        with closing(socket.create_connection(("127.0.0.1", served), 10)) as wire:
            wire.sendall(head.encode() + body)
            wire.shutdown(socket.SHUT_WR)
            assert wire.recv(100).split()[1] in (b"400", b"403")
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count(File.id))) == 3


def test_whoever_hangs_up_is_written_down_as_broken_off(app, people, place, served):
    with app.app_context():
        dataset = db.session.scalars(db.select(Dataset).where(Dataset.code == place["code"])).one()
        resources.load(dataset, io.BytesIO(TABLE.encode() + b"x,1,2\n" * 3_000_000), None)
    ask = f"GET /entitlements/{place['entitlement']}/data.csv HTTP/1.1\r\nHost: x\r\n"
    ask += f"Cookie: {cookie(app, people)}\r\n\r\n"
    with closing(socket.create_connection(("127.0.0.1", served), 10)) as wire:
        wire.sendall(ask.encode())
        assert b" 200 " in wire.recv(1000)
    for _ in range(100):
        with app.app_context():
            ends = db.session.scalars(db.select(Access).where(Access.kind.in_(("finished", "broken")))).all()
        if ends:
            break
        threading.Event().wait(0.1)
    [line] = ends
    assert line.kind == "broken"
    assert 0 < line.size < 30_000_000


def test_only_upload_routes_read_large_requests(app, client_of, people, place, monkeypatch):
    large = b"x" * (3 * 1024 * 1024)
    form = lambda: {"file": (io.BytesIO(large), "x.csv")}  # noqa: E731
    clerk, citizen = client_of(people.clerk), client_of(people.citizen)
    assert citizen.post("/demands/new", data=form()).status_code == 413
    assert citizen.post("/api/v1/cases", data=large, content_type="application/json").status_code == 413
    assert clerk.post(f"/datasets/{place['code']}/data", data=form()).status_code == 422
    # Whoever has not signed in sends nothing large anywhere.
    assert app.test_client().post(f"/datasets/{place['code']}/data", data=form()).status_code == 413


def test_a_clerk_of_the_body_hands_data_over_and_nobody_else(app, client_of, people, place, status):
    address = f"/datasets/{place['code']}/data"
    readers = {"clerk", "reviewer", "decider", "security"}
    for word in EVERYBODY:
        for prefix in ("", "/api/v1"):
            assert status(word, prefix + address) == (200 if word in readers else 403), (word, prefix)
            if word != "clerk":
                form = {"file": (io.BytesIO(TABLE.encode()), "x.csv")}
                sent = TABLE.encode() if prefix else form
                assert status(word, prefix + address, method="POST", data=sent) == 403, (word, prefix)
    clerk = client_of(people.clerk)
    assert clerk.post(address, data={"file": (io.BytesIO(TABLE.encode()), "x.csv")}).status_code == 303
    more = TABLE + "外滩,1,2026-01-02\n"
    assert clerk.post(f"/api/v1{address}", data=more.encode()).json["version"] == 2
    wrong = clerk.post(f"/api/v1{address}", data=CSV)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "file")
    page = clerk.post(address, data={"file": (io.BytesIO(CSV), "x.csv")})
    assert page.status_code == 422
    assert "空闲枪数" in page.text
    assert len(clerk.get(f"/api/v1{address}").json["items"]) == 2


def test_data_come_in_by_command(app, place, tmp_path):
    run = app.test_cli_runner().invoke
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(TABLE + "外滩,1,2\n", "gb18030")
    bad.write_text("a,b\n1,2,3\n")
    said = run(args=["load-data", place["code"], str(good)])
    assert (said.exit_code, said.output) == (0, f"{place['code']}: version 2, 101 rows, 3 columns.\n")
    for arguments in ([place["code"], str(bad)], ["DS-999999", str(good)], [place["code"], str(tmp_path / "none")]):
        assert run(args=["load-data", *arguments]).exit_code != 0
    with app.app_context():
        dataset = db.session.scalars(db.select(Dataset).where(Dataset.code == place["code"])).one()
        assert [each.version for each in resources.versions(dataset)] == [2, 1]


def test_whoever_works_on_a_draft_together_shares_its_files_until_they_leave(app, people, walker, client_of):
    with app.app_context():
        case, citizen = walker.application(), walker.person("citizen")
        number = files.keep(io.BytesIO(PDF), "x.pdf", case, citizen, ASKED, "attachments").id
        key, reference = case.id, case.reference
    address = f"/cases/{reference}/files/{number}"
    friends = client_of(people.stranger)
    assert friends.get(address).status_code == 404
    with app.app_context():
        citizen, friend = walker.person("citizen"), walker.person("stranger")
        row = Companion(case_id=key, email=people.stranger, user_id=friend.id, invited_by_id=citizen.id)
        db.session.add(row)
        db.session.commit()
        assert [file.id for file in files.attach(db.session.get_one(Case, key), [number], friend)] == [number]
        db.session.rollback()
    assert friends.get(address).status_code == 200
    with app.app_context():
        db.session.execute(db.update(Companion).values(left_at=now()))
        db.session.commit()
    assert friends.get(address).status_code == 404


@pytest.mark.parametrize("kind", ["form", "raw"])
def test_nobody_waits_for_a_file_that_comes_in_slowly(app, people, place, served, kind):
    page = f"/cases/{place['case']}/steps/assess_demand/files"
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + PDF
    address, body, said = (
        (page, form, "multipart/form-data; boundary=x")
        if kind == "form"
        else (f"/datasets/{place['code']}/data", TABLE.encode(), "application/octet-stream")
    )
    address = address if kind == "form" else f"/api/v1{address}"
    who = people.citizen if kind == "form" else people.clerk
    head = f"POST {address} HTTP/1.1\r\nHost: x\r\nCookie: {cookie(app, people, who)}\r\nContent-Type: {said}\r\n"
    head += f"Content-Length: {len(body) + 1000}\r\n\r\n"
    with closing(socket.create_connection(("127.0.0.1", served), 10)) as wire:
        wire.sendall(head.encode() + body)
        threading.Event().wait(1)
        # While the rest is on its way, others write.
        began = time.monotonic()
        with app.app_context():
            db.session.execute(db.update(User).values(epoch=User.epoch))
            db.session.commit()
        assert time.monotonic() - began < 2
        assert wire.fileno() > 0

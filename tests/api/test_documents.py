"""The pages of documents: read by those who may read the case, and verified by anybody."""

import re
from io import BytesIO
from pathlib import Path

import pytest

from models import Case, Draft, Event, Incident, Job, Signature, db
from tests.answers import SIGNED
from tests.papers import exhaust, made, ordered, work
from workflow import casework, documents, journal
from workflow.documents import certificates


@pytest.fixture
def paper(app, walker):
    """Return the addresses of a case's letter of decision, and its bytes."""
    with app.app_context():
        case = walker.demand()
        document = made(app, case, "decision")
        return f"/cases/{case.reference}/documents/{document.id}.pdf", documents.content(document)


def token(client, page="/verify") -> str:
    """Return the proof that a form comes from a page of ours."""
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)[1]


def upload(client, content: bytes | None):
    """Have a file verified as a browser does."""
    data = {"csrf_token": token(client)}
    if content is not None:
        data["file"] = (BytesIO(content), "x.pdf")
    return client.post("/verify", data=data, content_type="multipart/form-data")


class TestReading:
    def test_whoever_has_not_signed_in_is_asked_to(self, app, paper):
        response = app.test_client().get(paper[0])
        assert (response.status_code, response.location) == (303, f"/sign-in?next={paper[0]}")

    @pytest.mark.parametrize("who", ["stranger", "other_clerk", "other_decider", "steward"])
    def test_whoever_may_not_read_the_case_finds_no_document(self, paper, people, client_of, who):
        assert client_of(getattr(people, who)).get(paper[0]).status_code == 404

    @pytest.mark.parametrize("who", ["citizen", "desk"])
    def test_whoever_may_read_the_case_reads_the_document(self, paper, people, client_of, who):
        response = client_of(getattr(people, who)).get(paper[0])
        assert (response.status_code, response.mimetype, response.data) == (200, "application/pdf", paper[1])
        assert response.headers["Content-Disposition"].startswith("inline; filename=")
        assert "no-store" in response.headers["Cache-Control"]

    def test_what_a_browser_has_already_is_not_sent_again(self, paper, people, client_of):
        client = client_of(people.citizen)
        etag = client.get(paper[0]).headers["ETag"]
        assert client.get(paper[0], headers={"If-None-Match": etag}).status_code == 304

    def test_a_document_is_found_under_its_own_case_alone(self, app, walker, paper, people, client_of):
        with app.app_context():
            other = walker.demand().reference
        client = client_of(people.citizen)
        assert client.get(re.sub(r"XQ-\d+-\d+", other, paper[0])).status_code == 404
        assert client.get(re.sub(r"\d+\.pdf", f"{10**25}.pdf", paper[0])).status_code == 404

    def test_a_document_that_is_being_made_says_so_and_looks_again(self, app, walker, people, client_of):
        with app.app_context():
            case = walker.demand()
            address = f"/cases/{case.reference}/documents/{ordered(case, 'decision').id}.pdf"
        response = client_of(people.citizen).get(address)
        assert (response.status_code, "Refresh" in response.headers) == (202, True)
        assert "文件正在生成" in response.text
        with app.app_context():
            work(app)
        assert client_of(people.citizen).get(address).mimetype == "application/pdf"

    def test_a_document_that_could_not_be_made_says_so_and_waits_for_the_office(self, app, walker, people, client_of):
        with app.app_context():
            case = walker.demand()
            address = f"/cases/{case.reference}/documents/{ordered(case, 'decision').id}.pdf"
            (Path(app.config["DATA_DIR"]) / "signing" / "office.key").unlink()
            exhaust(app)
        response = client_of(people.citizen).get(address)
        assert (response.status_code, "Refresh" in response.headers) == (503, False)
        assert "这份文件没有生成" in response.text

    def test_the_page_of_the_case_lists_documents_with_their_signatures(self, paper, people, client_of):
        page = client_of(people.citizen).get(paper[0].partition("/documents")[0]).text
        assert paper[0] in page
        assert "Kaimen Demonstration Office" in page

    def test_programs_read_documents(self, app, walker, paper, people, client_of):
        client, place = client_of(people.citizen), "/api/v1" + paper[0].rpartition("/")[0]
        [shown] = client.get(place).json["items"]
        assert (shown["kind"], shown["state"], shown["size"]) == ("decision", "made", len(paper[1]))
        assert [each["side"] for each in shown["signatures"]] == ["office"]
        assert shown["signatures"][0]["after"] == shown["sha256"]
        assert client.get("/api/v1" + paper[0]).data == paper[1]
        assert client_of(people.stranger).get(place).status_code == 404
        assert client_of(people.stranger).get("/api/v1" + paper[0]).status_code == 404
        assert app.test_client().get(place).status_code == 401
        with app.app_context():
            number = ordered(db.session.scalars(db.select(Case)).one()).id
        assert client.get(f"/api/v1{paper[0].rpartition('/')[0]}/{number}.pdf").status_code == 422


class TestVerifying:
    def test_anybody_learns_that_a_file_is_whole_and_whose(self, app, paper):
        response = upload(app.test_client(), paper[1])
        assert response.status_code == 200
        assert "文件完整，签名有效" in response.text
        assert "Kaimen Demonstration Office" in response.text
        assert "签名没有法律效力" in response.text

    def test_a_changed_file_is_found_out(self, app, paper):
        forged = bytearray(paper[1])
        forged[len(forged) // 2] ^= 1
        page = upload(app.test_client(), bytes(forged)).text
        assert "文件完整，签名有效" not in page
        assert "文件被改动过" in page or "读不出这个文件" in page

    # The keys of the tests are few, and another service must not happen upon the same.
    @pytest.mark.usefixtures("new_keys")
    def test_a_file_of_another_service_is_not_vouched_for(self, app, paper):
        folder = Path(app.config["DATA_DIR"]) / "signing"
        for each in folder.iterdir():
            each.unlink()
        certificates.make_demonstration(str(folder))
        assert "不是本平台确认的签名" in upload(app.test_client(), paper[1]).text

    @pytest.mark.parametrize(
        ("content", "words"), [(b"x", "读不出这个文件"), (None, "请选一个 PDF 文件"), (b"", "请选一个")]
    )
    def test_what_is_no_pdf_is_said_to_be_none(self, app, content, words):
        assert words in upload(app.test_client(), content).text

    def test_a_file_that_is_too_large_is_refused(self, app):
        body = b"--x\r\n" + bytes(app.config["MAX_CONTENT_LENGTH"])
        sent = app.test_client().post("/verify", data=body, content_type="multipart/form-data; boundary=x")
        assert sent.status_code == 413

    def test_nothing_of_the_file_is_kept(self, app, paper):
        def kept():
            with app.app_context():
                rows = [db.session.scalar(db.select(db.func.count()).select_from(t)) for t in db.metadata.sorted_tables]
            return rows, sorted(each.name for each in Path(app.config["DATA_DIR"]).rglob("*") if each.is_file())

        before = kept()
        upload(app.test_client(), paper[1])
        upload(app.test_client(), b"%PDF-1.7 something")
        assert kept() == before

    def test_the_certificate_for_verifying_elsewhere_is_public(self, app):
        response = app.test_client().get("/verify/ca.pem")
        assert response.data.startswith(b"-----BEGIN CERTIFICATE-----")
        assert b"PRIVATE" not in response.data
        (Path(app.config["DATA_DIR"]) / "signing" / "authority.pem").unlink()
        assert app.test_client().get("/verify/ca.pem").status_code == 404
        assert app.test_client().get("/verify").status_code == 200

    def test_the_command_says_the_same_and_ends_accordingly(self, app, paper, tmp_path):
        whole, changed = tmp_path / "whole.pdf", tmp_path / "changed.pdf"
        whole.write_bytes(paper[1])
        changed.write_bytes(paper[1] + b"\n% more")
        runner = app.test_cli_runner()
        said = runner.invoke(args=["verify", str(whole)])
        assert (said.exit_code, "office: Kaimen Demonstration Office" in said.output) == (0, True)
        assert runner.invoke(args=["verify", str(changed)]).exit_code == 1
        assert runner.invoke(args=["verify", str(tmp_path / "none.pdf")]).exit_code == 2


@pytest.mark.usefixtures("context")
class TestSigning:
    """An agreement is signed through the door; whatever goes wrong leaves all as it was."""

    @pytest.fixture
    def case(self, walker):
        """Return a case whose agreement waits for the party's signature."""
        case = walker.at("sign_agreement")
        walker.make_documents(case)
        return case

    def answer(self, walker, code=None):
        return {**SIGNED, "code": code or walker.code(walker.person("citizen"))}

    def sign(self, walker, case, answer, **how):
        return casework.submit(case, "sign_agreement", answer, actor=walker.person("citizen"), **how)

    def unchanged(self, case, before) -> bool:
        db.session.expire_all()
        here = (case.version, case.journal_length, case.agreement.document.sha256, case.agreement.state)
        return here == before and db.session.scalars(db.select(Signature).where(Signature.side == "party")).all() == []

    def state(self, case):
        return (case.version, case.journal_length, case.agreement.document.sha256, case.agreement.state)

    def test_the_journal_names_the_document_that_was_signed_and_no_code(self, walker, case):
        answer = self.answer(walker)
        self.sign(walker, case, answer)
        line = next(each for each in journal.lines(case) if each.step == "sign_agreement" and each.kind == "answered")
        assert line.data["outcome"]["signed"] == case.agreement.document.sha256
        assert "code" not in line.data["answer"]
        for model in (Event, Job, Draft, Incident):
            for row in db.session.execute(db.select(*model.__table__.columns)):
                assert answer["code"] not in re.findall(
                    r"\d+", str([value for value in row if not isinstance(value, int)])
                )

    def test_a_wrong_code_changes_nothing_and_is_counted(self, walker, case):
        walker.code(walker.person("citizen"))
        before = self.state(case)
        with pytest.raises(Exception, match="验证码不对"):
            self.sign(walker, case, self.answer(walker, "zzzzzzzzzzzz"))
        assert self.unchanged(case, before)
        assert db.session.scalar(db.text("SELECT failures FROM factor")) == 1

    def test_who_has_no_second_factor_does_not_sign(self, walker, case):
        before = self.state(case)
        with pytest.raises(Exception, match="两步验证"):
            self.sign(walker, case, self.answer(walker, "123456"))
        assert self.unchanged(case, before)

    def test_a_code_that_was_used_is_not_taken_for_the_other_signature(self, walker, case):
        answer = self.answer(walker)
        self.sign(walker, case, answer)
        decider = walker.person("decider")
        walker.code(decider)
        with pytest.raises(Exception, match="验证码不对"):
            casework.submit(case, "countersign_agreement", answer, actor=decider)

    def test_without_the_key_an_incident_is_opened_the_code_is_not_kept_and_nothing_changes(self, app, walker, case):
        answer = self.answer(walker)
        before = self.state(case)
        (Path(app.config["DATA_DIR"]) / "signing" / "authority.key").unlink()
        with pytest.raises(casework.Failed):
            self.sign(walker, case, answer)
        incident = db.session.scalars(db.select(Incident)).one()
        assert (incident.step, "authority.key" in incident.error) == ("sign_agreement", True)
        assert "code" not in db.session.scalars(db.select(Draft.form)).one()
        db.session.expire_all()
        assert case.agreement.document.sha256 == before[2]
        assert case.agreement.document.signatures == []

    def test_a_form_that_comes_twice_signs_once(self, walker, case):
        answer = self.answer(walker)
        for _ in range(2):
            self.sign(walker, case, answer, key="one key of a form")
        assert [each.side for each in case.agreement.document.signatures] == ["party"]

    def test_a_draft_keeps_no_code(self, walker, case):
        casework.save(case, "sign_agreement", {"agreed": True, "code": "123456"}, actor=walker.person("citizen"))
        assert db.session.scalars(db.select(Draft.form)).one() == {"agreed": True}


class TestThePageOfSigning:
    """What a person sees who is to sign."""

    @pytest.fixture
    def signing(self, app, walker) -> tuple[str, int]:
        """Return the reference of a case whose agreement waits for the party, and the number of the document."""
        with app.app_context():
            case = walker.at("sign_agreement")
            walker.make_documents(case)
            return case.reference, case.agreement.document.id

    @pytest.fixture
    def code(self, app, walker):
        """Return a maker of codes of the party's device."""

        def made() -> str:
            with app.app_context():
                return walker.code(walker.person("citizen"))

        return made

    def test_it_says_that_a_device_is_needed_and_leads_there_and_back(self, signing, code, people, client_of):
        reference, number = signing
        address = f"/requester/cases/{reference}/sign_agreement"
        page = client_of(people.citizen).get(address).text
        assert f"/account/second-factor?next={address}" in page
        assert f"/documents/{number}.pdf" in page
        code()
        assert "/account/second-factor?next=" not in client_of(people.citizen).get(address).text

    def test_a_refused_page_keeps_what_was_said_but_not_the_code(self, signing, code, people, client_of):
        code()
        client, address = client_of(people.citizen), f"/requester/cases/{signing[0]}/sign_agreement"
        said = client.post(
            address, data={"csrf_token": token(client, address), "agreed": "true", "code": "zzzz-zzzz-zzzz"}
        )
        assert said.status_code == 422
        assert "验证码不对" in said.text
        assert "zzzz" not in said.text

    def test_a_person_signs_and_reads_the_signed_document(self, app, signing, code, people, client_of):
        client, address = client_of(people.citizen), f"/requester/cases/{signing[0]}/sign_agreement"
        form = {"csrf_token": token(client, address), "agreed": "true", "code": code()}
        assert client.post(address, data=form).status_code == 303
        response = client.get(f"/cases/{signing[0]}/documents/{signing[1]}.pdf")
        assert "文件完整，签名有效" in upload(app.test_client(), response.data).text

    def test_a_program_signs_with_a_code_as_well(self, app, signing, code, people, client_of):
        client, place = client_of(people.citizen), f"/api/v1/cases/{signing[0]}/steps/sign_agreement"
        headers = {"X-CSRFToken": token(client, "/account")}
        wrong = client.post(place, json={"answer": {**SIGNED, "code": "zzzzzzzzzzzz"}}, headers=headers)
        assert (wrong.status_code, "code" in str(wrong.json["errors"])) == (422, True)
        right = {"answer": {**SIGNED, "code": code()}}
        assert client.post(place, json=right, headers=headers).status_code == 200
        items = client.get(f"/api/v1/cases/{signing[0]}/documents").json["items"]
        shown = next(each for each in items if each["document"] == signing[1])
        assert [each["side"] for each in shown["signatures"]] == ["party"]

"""What a connection says to a mail server, and what the server's answers mean."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chassis import now
from services.campaigns.ledger import ACCEPTED, BOUNCED, DEFERRED, FAILED, UNKNOWN, Outcome
from services.campaigns.smtp import Connection
from tests.campaigns import sink as sinks
from tests.campaigns.sink import Sink

MESSAGE = b"From: a@kith.example\r\nSubject: Spring\r\n\r\nRoses\r\n.\r\n..and thorns\r\n"


KINDS = {"one by one": {"pipelines": False}, "pipelining": {}, "lenient": {"lenient": True}}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def sink(request: pytest.FixtureRequest) -> Iterator[Sink]:
    """A mail server, of every kind."""
    with sinks.running(Sink(**request.param)) as running:
        yield running


def hand_over(sink: Sink, *recipients: str, message: bytes = MESSAGE, scheme: str = "smtp") -> list[Outcome]:
    """Mails over one connection, one after the other."""

    async def work() -> list[Outcome]:
        connection = Connection(f"{scheme}://127.0.0.1:{sink.port}")
        found = [
            await connection.hand_over(f"dlv_{n}", 0, "b@kith.example", to, message) for n, to in enumerate(recipients)
        ]
        await connection.close()
        return found

    return asyncio.run(work())


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server at 127.0.0.1 proves itself with, to whoever trusts the authorities of this machine."""
    key, whom = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    day = timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(whom, whom, key.public_key(), x509.random_serial_number(), now() - day, now() + day)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "sink.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context


def states(outcomes: list[Outcome]) -> list[str]:
    """What became of each."""
    return [each.state for each in outcomes]


def test_a_mail_arrives_as_it_was_built(sink: Sink) -> None:
    assert states(hand_over(sink, "ada@rose.example", "bo@rose.example")) == [ACCEPTED, ACCEPTED]
    assert [(mail.sender, mail.recipients) for mail in sink.mails] == [
        ("b@kith.example", ["ada@rose.example"]), ("b@kith.example", ["bo@rose.example"]),
    ]  # fmt: skip
    assert {mail.content for mail in sink.mails} == {MESSAGE}


def test_a_mail_goes_over_tls_as_it_was_built(tls: ssl.SSLContext) -> None:
    message = MESSAGE + b"Thorns. " * 100_000 + b"\r\n"
    with sinks.running(Sink(), tls) as sink:
        assert (
            states(hand_over(sink, "ada@rose.example", "bo@rose.example", message=message, scheme="smtps"))
            == [ACCEPTED] * 2
        )
    assert {mail.content for mail in sink.mails} == {message}


def test_after_a_refused_recipient_the_next_mail_goes_over_the_same_connection(sink: Sink) -> None:
    answers = {"gone@rose.example": "550 5.1.1 no such user", "later@rose.example": "450 later"}
    sink.refuses = lambda recipient: answers.get(recipient, "")
    outcomes = hand_over(sink, "gone@rose.example", "later@rose.example", "ada@rose.example")
    assert states(outcomes) == [BOUNCED, DEFERRED, ACCEPTED]
    assert outcomes[0].smtp_reply == "550 5.1.1 no such user"
    assert [(mail.recipients, mail.content) for mail in sink.mails] == [(["ada@rose.example"], MESSAGE)]


def test_a_mail_that_is_refused_at_its_end_was_not_taken(sink: Sink) -> None:
    sink.after_data = lambda recipient: "554 5.7.1 not wanted" if recipient.startswith("strict") else ""
    assert states(hand_over(sink, "strict@rose.example", "ada@rose.example")) == [FAILED, ACCEPTED]


def test_when_the_connection_breaks_at_the_end_nobody_knows(sink: Sink) -> None:
    sink.after_data = lambda recipient: "drop" if recipient.startswith("lost") else ""
    assert states(hand_over(sink, "lost@rose.example", "ada@rose.example")) == [UNKNOWN, ACCEPTED]


def test_a_server_that_goes_away_before_the_message_is_asked_again_later(sink: Sink) -> None:
    sink.refuses = lambda recipient: "421 4.3.2 shutting down" if recipient.startswith("late") else ""
    outcomes = hand_over(sink, "late@rose.example", "ada@rose.example")
    assert states(outcomes) == [DEFERRED, ACCEPTED]
    assert outcomes[0].next_time is not None


def test_an_address_that_would_be_a_command_is_not_said(sink: Sink) -> None:
    outcomes = hand_over(sink, "ada@rose.example>\r\nRSET", "ada@rose.example")
    assert states(outcomes) == [FAILED, ACCEPTED]
    assert outcomes[0].reason == "address"


def test_what_is_no_answer_is_no_conversation(sink: Sink) -> None:
    sink.refuses = lambda recipient: "good day" if recipient.startswith("odd") else ""
    assert states(hand_over(sink, "odd@rose.example", "ada@rose.example")) == [DEFERRED, ACCEPTED]

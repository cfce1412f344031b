"""The page that shows outgoing mail: it shows what mails say and lets none of them act."""

from deploy.local import mail_page
from deploy.local.mail_sink import Sink

MAIL = (
    b"From: Kith <help@kith.example>\r\nTo: Mara <mara@quill.example.com>\r\nSubject: <b>Lamps</b>\r\n\r\n"
    b"Hello <script>alert(1)</script>, see <http://127.0.0.1:8080/t/c/v1.abc&x>\r\n"
)


def shown() -> str:
    sink = Sink()
    sink.take("help@kith.example", ["mara@quill.example.com"], MAIL)
    return mail_page.page(sink.listed(), sink.count).decode()


def test_what_a_mail_says_is_text_and_never_markup() -> None:
    assert "<h2>&lt;b&gt;Lamps&lt;/b&gt;</h2>" in shown()
    assert "<script" not in shown()


def test_the_addresses_in_a_mail_can_be_followed() -> None:
    url = "http://127.0.0.1:8080/t/c/v1.abc&amp;x"
    assert f'<a rel="noreferrer" href="{url}">{url}</a>' in shown()
    assert '<a href="/mails/1">' in shown()


def test_an_empty_sink_says_so() -> None:
    assert "No mail yet." in mail_page.page([], 0).decode()

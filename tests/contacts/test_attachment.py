"""What an attachment is, without a database."""

import pytest
from crm.contacts.v1 import attachment_pb2

from chassis import Invalid
from chassis.testing import acting_as_somebody
from services.contacts import titles
from services.contacts.attachment import Attachment, record_of
from tests.builders.contacts import MORNING


def an_attachment(**fields: object) -> Attachment:
    given = {
        "name": "plan.pdf",
        "media_type": "application/pdf",
        "size_bytes": 7,
        "record_id": "acc_1",
        "file_id": "file_1",
    }
    standing = {"tenant_id": "ten_1", "create_time": MORNING, "update_time": MORNING}
    return Attachment(id="att_1", **standing | given | fields)


def test_an_interaction_shows_name_kind_and_size() -> None:
    shown = {"attachment_id": "att_1", "name": "plan.pdf", "media_type": "application/pdf", "size_bytes": 7}
    assert an_attachment().summary() == shown


@pytest.mark.parametrize("name", ["", " ", None])
def test_an_attachment_has_a_name(name: str | None) -> None:
    with pytest.raises(Invalid):
        an_attachment(name=name).settle()


@pytest.mark.parametrize("id", ["opp_1", "", "acc", "file_1"])
def test_files_are_put_on_customers_and_on_what_happened_with_them(id: str) -> None:
    with acting_as_somebody(), pytest.raises(Invalid):
        record_of(id if id != "acc" else "account_1", "read")


def test_a_timeline_names_the_file() -> None:
    assert titles.of_file(attachment_pb2.Attachment(name="plan.pdf")) == "File attached: plan.pdf"
    assert len(titles.of_file(attachment_pb2.Attachment(name="x" * 255))) == 255

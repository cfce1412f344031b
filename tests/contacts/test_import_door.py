"""Imports: files become records as their users say, each row once, and go again when it was a mistake."""

from collections.abc import Callable
from typing import Any

import pytest
from crm.common.v1 import listing_pb2
from crm.contacts.v1 import contact_pb2, import_pb2

from chassis import transaction
from chassis.testing import Caller, details, somebody
from tests.contacts.importing import after, an_import, brought, contacts, counts, done, result, state, targets
from tests.refused import refusal, refused

PEOPLE = (
    "First name,Last name,E-mail,Company\nAda,Thorn,ada@thorn.example,Thorn Ltd\nBo,Reed,bo@reed.example,Reed & Co\n"
)


def a_contact(caller: Caller, **fields: Any) -> Any:
    return caller.CreateContact(contact_pb2.CreateContactRequest(contact=fields))


def test_columns_are_recognised_and_rows_become_records(caller: Caller) -> None:
    draft = an_import(caller, PEOPLE)
    assert (state(draft), draft.format, draft.delimiter, draft.encoding) == ("DRAFT", "CSV", ",", "utf-8")
    assert targets(draft) == {
        "First name": "given_name", "Last name": "family_name", "E-mail": "emails[1].address", "Company": "account.name",
    }  # fmt: skip
    assert list(draft.columns[0].samples) == ["Ada", "Bo"]
    run = after(caller, "Start", draft.id)
    assert (state(run), counts(run), run.failure) == ("DONE", {"done": 2, "created": 2}, "")
    ada, bo = contacts(caller)
    assert (ada.given_name, ada.family_name, ada.emails[0].address) == ("Ada", "Thorn", "ada@thorn.example")
    accounts = caller.ListAccounts(listing_pb2.ListRequest()).accounts
    assert {each.name: each.id for each in accounts} == {"Thorn Ltd": ada.account_id, "Reed & Co": bo.account_id}


def test_a_dry_run_says_what_would_happen_and_does_nothing(caller: Caller) -> None:
    a_contact(caller, given_name="Ada", emails=[{"address": "ada@thorn.example"}])
    tried = done(caller, PEOPLE + "Cy,Moss,no address,\n", verb="Validate")
    assert (state(tried), counts(tried)) == ("VALIDATED", {"done": 3, "created": 1, "updated": 1, "refused": 1})
    assert [row[:2] for row in result(caller, tried)] == [["3", "E-mail"]]
    assert len(contacts(caller)) == 1
    assert not caller.ListAccounts(listing_pb2.ListRequest()).accounts
    run = after(caller, "Start", tried.id)
    assert counts(run) == {"done": 3, "created": 1, "updated": 1, "refused": 1}
    assert tried.progress.total_count == run.progress.total_count == 3


def test_a_row_that_is_refused_is_told_with_its_column_and_the_others_come_in(caller: Caller) -> None:
    rows = (
        "First name,E-mail,Birthday,Language\nAda,ada@x.example,2001-02-03,de\nBo,bo@,03.02.2001,de\n,,2001-02-03,\n,,,\n"
        "Cy,cy@x.example,,german!\n"
    )
    run = done(caller, rows)
    assert counts(run) == {"done": 4, "created": 1, "refused": 3}
    told = {(row, column): reason for row, column, _, reason in result(caller, run)}
    assert told["2", "Birthday"] == "is no date in the order YMD"
    assert told["2", "E-mail"] == "must be an e-mail address"
    assert "is required" in told["3", ""]
    assert "language tag" in told["4", "Language"]


def test_faults_stand_in_the_order_of_the_rows_with_the_cells_that_they_are_about(caller: Caller) -> None:
    rows = (
        "First name,E-mail 1,E-mail 2,Language,Birthday\nAda,ada@x.example,ada@,de,\nBo,bo@x.example,,,soon\n"
        "Cy,cy@x.example,cy@y.example,german!,\n"
    )
    run = done(caller, rows)
    assert [line[:3] for line in result(caller, run)] == [
        ["1", "E-mail 2", "ada@"], ["2", "Birthday", "soon"], ["3", "Language", "german!"],
    ]  # fmt: skip


def test_a_telephone_is_kept_as_it_was_written_and_read_as_at_home(caller: Caller) -> None:
    rows = "First name,Phone,Country\nAda,(201) 555-0123 ext. 12,US\nBo,030 901820,Germany\nCy,+44 7400 123456,\nDi,030 901820,\n"
    run = done(caller, rows)
    assert counts(run) == {"done": 4, "created": 3, "refused": 1}
    assert [line[:3] for line in result(caller, run)] == [["4", "Phone", "030 901820"]]
    assert [
        (each.phones[0].number, each.phones[0].raw, each.phones[0].region, each.phones[0].extension)
        for each in contacts(caller)
    ] == [
        ("+12015550123", "(201) 555-0123 ext. 12", "US", "12"),
        ("+4930901820", "030 901820", "DE", ""),
        ("+447400123456", "+44 7400 123456", "GB", ""),
    ]
    assert counts(done(caller, rows.replace("030 901820", "(030) 90 18 20"), match_keys=["id"]))["created"] == 3


def test_a_change_adds_numbers_and_addresses_to_those_of_the_same_type(caller: Caller) -> None:
    ada = {
        "given_name": "Ada", "emails": [{"address": "ada@x.example"}], "phones": [{"number": "+4930901820", "type": "work"}],
        "addresses": [{"locality": "Ely"}, {"locality": "Rye", "type": "home"}],
    }  # fmt: skip
    a_contact(caller, **ada)
    rows = (
        "E-mail,Business Phone,Business Phone 2,Address 1 - City,Address 2 - City\n"
        "ada@x.example,+4930901821,+4930901820,Ely,Bath\n"
    )
    assert counts(done(caller, rows)) == {"done": 1, "updated": 1}
    [now] = contacts(caller)
    assert [each.number for each in now.phones] == ["+4930901820", "+4930901821"]
    assert [(each.type, each.locality) for each in now.addresses] == [("", "Ely"), ("home", "Rye"), ("", "Bath")]
    assert counts(done(caller, rows)) == {"done": 1, "unchanged": 1}


def test_rows_find_records_by_their_keys_and_change_only_what_they_say(caller: Caller) -> None:
    known = a_contact(
        caller, given_name="Ada", job_title="Gardener", emails=[{"address": "ada@thorn.example", "type": "work"}]
    )
    run = done(caller, "First name,E-mail,Phone\nAda,ADA@THORN.example,+4915123456789\n")
    assert counts(run) == {"done": 1, "updated": 1}
    run = done(caller, "First name,E-mail,Mobile\nAdele,ada@thorn.example,+4915123456788\n")
    assert counts(run) == {"done": 1, "updated": 1}
    [now] = [each for each in contacts(caller) if each.id == known.id]
    assert (now.given_name, now.job_title) == ("Adele", "Gardener")
    assert [(each.address, each.type) for each in now.emails] == [("ada@thorn.example", "work")]
    assert [(each.number, each.type) for each in now.phones] == [("+4915123456789", ""), ("+4915123456788", "mobile")]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("CREATE", {"done": 2, "created": 1, "skipped": 1}),
        ("UPDATE", {"done": 2, "updated": 1, "skipped": 1}),
        ("BOTH", {"done": 2, "created": 1, "updated": 1}),
    ],
)
def test_a_mode_leaves_out_what_it_is_not_for(caller: Caller, mode: str, expected: dict[str, int]) -> None:
    a_contact(caller, given_name="Someone", emails=[{"address": "ada@thorn.example"}])
    assert counts(done(caller, "First name,E-mail\nAda,ada@thorn.example\nBo,bo@reed.example\n", mode=mode)) == expected


def test_two_rows_of_one_record_make_one_record(caller: Caller) -> None:
    run = done(caller, "First name,E-mail,Job title\nAda,ada@x.example,\nAda,ada@x.example,Gardener\n")
    assert counts(run) == {"done": 2, "created": 1, "updated": 1}
    [ada] = contacts(caller)
    assert ada.job_title == "Gardener"


def test_a_row_that_finds_several_records_is_refused(caller: Caller) -> None:
    for name in ("Ada", "Adele"):
        a_contact(caller, given_name=name, emails=[{"address": "both@x.example"}])
    run = done(caller, "First name,E-mail\nA,both@x.example\n")
    assert counts(run) == {"done": 1, "refused": 1}
    assert "finds 2 records" in result(caller, run)[0][3]


def test_running_it_again_changes_nothing(caller: Caller) -> None:
    done(caller, PEOPLE)
    assert counts(done(caller, PEOPLE)) == {"done": 2, "unchanged": 2}


def test_columns_can_be_corrected_before_the_start_and_not_after(caller: Caller) -> None:
    draft = an_import(caller, "Who,Where\nAda Thorn,Paris\n")
    assert targets(draft) == {}
    change = {"id": draft.id, "columns": [{"header": "Who", "target": "name"}]}
    draft = caller.UpdateImport(
        import_pb2.UpdateImportRequest(**{"import": change}, update_mask={"paths": ["columns"]})
    )
    assert targets(draft) == {"Who": "name"}
    after(caller, "Start", draft.id)
    [ada] = contacts(caller)
    assert (ada.given_name, ada.family_name) == ("Ada", "Thorn")
    late = import_pb2.UpdateImportRequest(**{"import": change}, update_mask={"paths": ["columns"]})
    assert refusal(caller.UpdateImport, late) == "JOB_ALREADY_STARTED"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"columns": [{"header": "Name", "target": "shoe_size"}]}, "import.columns[0].target"),
        ({"columns": [{"header": "Nobody", "target": "given_name"}]}, "import.columns[0].header"),
        ({"columns": [{"header": "Name", "target": "display_name"}]}, "import.columns[0].target"),
        (
            {"columns": [{"header": each, "target": "given_name"} for each in ("Name", "Call")]},
            "import.columns[1].target",
        ),
        ({"match_keys": ["job_title"]}, "import.match_keys[0]"),
        ({"sheet": "People"}, "import.sheet"),
        ({"noun": "contact", "file_id": "file_00000000000000000000000000"}, "import.file_id"),
        ({"format": "XLSX"}, "import.file_id"),
        ({"encoding": "klingon"}, "import.file_id"),
    ],
)
def test_what_does_not_fit_is_named(caller: Caller, fields: dict[str, Any], path: str) -> None:
    assert path in details(refused(an_import, caller, "Name,Call\nAda,A\n", **fields))["violations"]


def test_nobody_imports_the_file_of_another_company(caller: Caller, door: Callable[..., Caller]) -> None:
    theirs = brought(door(somebody()), PEOPLE)
    assert details(refused(an_import, caller, PEOPLE, file_id=theirs))["violations"] == {
        "import.file_id": f"there is no file {theirs}"
    }


def test_whoever_may_not_write_the_noun_imports_none(caller: Caller, colleague: Callable[..., Caller]) -> None:
    clerk = colleague(grants={"contacts.file.*": "all", "contacts.import.*": "all", "contacts.contact.read": "all"})
    assert refusal(an_import, clerk, PEOPLE) == "FORBIDDEN"


def test_rows_change_no_record_that_the_user_may_only_read(caller: Caller, colleague: Callable[..., Caller]) -> None:
    a_contact(caller, given_name="Ada", emails=[{"address": "ada@x.example"}])
    clerk = colleague(
        grants={
            "contacts.file.*": "all",
            "contacts.import.*": "all",
            "contacts.contact.read": "all",
            "contacts.contact.write": "own",
        }
    )
    run = done(clerk, "First name,E-mail\nEve,ada@x.example\nBo,bo@x.example\n")
    assert counts(run) == {"done": 2, "created": 1, "refused": 1}
    assert [each.given_name for each in contacts(caller)] == ["Ada", "Bo"]


def test_events_name_the_import_and_carry_its_wish_for_quiet(caller: Caller) -> None:
    run = done(caller, PEOPLE, suppress_workflows=True)
    rows = list(
        transaction.database()["events"].find({"tenant_id": caller.whom.tenant_id, "type": {"$regex": "Contact"}})
    )
    assert {(row["request_id"], row.get("quiet"), row["actor_id"]) for row in rows} == {
        (run.id, True, caller.whom.user_id)
    }


# ---------------------------------------------------------------- the way back


def test_a_reverted_import_leaves_everything_as_it_was(caller: Caller) -> None:
    a_contact(caller, given_name="Old", job_title="Baker", emails=[{"address": "ada@thorn.example"}])
    [before] = contacts(caller)
    run = done(caller, PEOPLE.replace("Ada,", "Ada,") + "Ada,Again,ada@thorn.example,\n")
    assert counts(run) == {"done": 3, "created": 1, "updated": 2}
    undone = after(caller, "Revert", run.id)
    assert (state(undone), undone.result_file_id) == ("REVERTED", "")
    [now] = contacts(caller)
    for each in (before, now):
        each.ClearField("etag")
        each.ClearField("update_time")
    assert now == before
    assert not caller.ListAccounts(listing_pb2.ListRequest()).accounts


def test_what_somebody_changed_since_stays_and_is_listed(caller: Caller) -> None:
    run = done(caller, PEOPLE)
    ada = next(each for each in contacts(caller) if each.given_name == "Ada")
    request = contact_pb2.UpdateContactRequest(
        contact={"id": ada.id, "job_title": "Boss"}, update_mask={"paths": ["job_title"]}
    )
    caller.UpdateContact(request)
    undone = after(caller, "Revert", run.id)
    assert state(undone) == "REVERTED"
    assert [row[2:] for row in result(caller, undone)] == [
        [ada.id, "was changed since"], [ada.account_id, f"is needed by {ada.id}"],
    ]  # fmt: skip
    assert [each.id for each in contacts(caller)] == [ada.id]
    assert [each.id for each in caller.ListAccounts(listing_pb2.ListRequest()).accounts] == [ada.account_id]


def test_batches_that_have_to_do_with_each_other_come_in_one_after_another(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.importing.importing.BATCH", 2)
    people = [f"p{n},Ada{n},ada{n}@x.example,Thorn Ltd" for n in range(5)]
    again = ["p1,Bo,ada1@x.example,", "p6,Cy,ada6@x.example,Reed & Co", "p7,Di,ada6@x.example,Reed & Co"]
    run = done(caller, "External ID,First name,E-mail,Company\n" + "\n".join([*people, *again]))
    assert (state(run), counts(run)) == ("DONE", {"done": 8, "created": 6, "updated": 2})
    accounts = {each.id: each.name for each in caller.ListAccounts(listing_pb2.ListRequest()).accounts}
    assert sorted(accounts.values()) == ["Reed & Co", "Thorn Ltd"]
    found = {each.given_name: accounts[each.account_id] for each in contacts(caller)}
    assert found == dict.fromkeys(("Ada0", "Bo", "Ada2", "Ada3", "Ada4"), "Thorn Ltd") | {"Di": "Reed & Co"}

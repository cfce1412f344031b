"""The first start, the second, and several at once."""

import threading

import pytest

from chassis import transaction
from chassis.config import ConfigFault, load
from services.gateway.identity import bootstrap
from services.gateway.identity.bootstrap import IdentitySettings
from services.gateway.identity.tenant import HOME
from tests.builders.identity import PASSWORD
from tests.identity.conftest import OPERATOR_KEY

COLLECTIONS = ("tenants", "users", "credentials", "api_keys", "api_key_proofs", "events")
ENVIRON = {
    "KITH_LISTEN": "127.0.0.1:1", "KITH_MONGO_URL": "mongodb://x", "KITH_NATS_URL": "nats://x",
    "KITH_PRINCIPAL_PUBLIC_KEY": "x",
}  # fmt: skip


def kept():
    whole = {"events": {"record_id", "type"}, "api_key_proofs": {"hash"}, "api_keys": {"name", "hint"}}
    return {
        name: sorted(
            repr({key: value for key, value in row.items() if key in whole.get(name, row.keys())})
            for row in transaction.database()[name].find({"tenant_id": HOME})
        )
        for name in COLLECTIONS
    }


def test_the_operator_signs_in_and_calls_with_the_given_key(gateway, operator):
    assert operator.whom.tenant_id == HOME
    assert operator.whom.grants["identity.tenant.*"] == "all"


def test_a_second_start_changes_nothing(operator, settings):
    before = kept()
    bootstrap.prepare(settings)
    assert kept() == before
    assert {name: len(rows) for name, rows in before.items()} == dict.fromkeys(COLLECTIONS, 1) | {"events": 3}


def test_racing_first_starts_make_one_tenant(operator, settings):
    for name in COLLECTIONS:
        transaction.database()[name].delete_many({"tenant_id": HOME})
    threads = [threading.Thread(target=bootstrap.prepare, args=(settings,)) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert {name: len(rows) for name, rows in kept().items()} == dict.fromkeys(COLLECTIONS, 1) | {"events": 3}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"KITH_BOOTSTRAP_EMAIL": "a@b.example"}, "KITH_BOOTSTRAP_PASSWORD"),
        ({"KITH_BOOTSTRAP_EMAIL": "a@b.example", "KITH_BOOTSTRAP_PASSWORD": "short"}, "KITH_BOOTSTRAP_PASSWORD"),
        ({"KITH_BOOTSTRAP_API_KEY": "secret"}, "KITH_BOOTSTRAP_API_KEY"),
    ],
)
def test_settings_that_do_not_open_a_tenant_are_told(given, named):
    with pytest.raises(ConfigFault, match=named):
        load(IdentitySettings, ENVIRON | given)


def test_a_key_can_stand_in_a_file(tmp_path):
    (tmp_path / "key").write_text(OPERATOR_KEY + "\n")
    (tmp_path / "password").write_text(PASSWORD + "\n")
    given = {"KITH_BOOTSTRAP_API_KEY_FILE": str(tmp_path / "key"), "KITH_BOOTSTRAP_EMAIL": "a@b.example",
             "KITH_BOOTSTRAP_PASSWORD_FILE": str(tmp_path / "password")}  # fmt: skip
    settings = load(IdentitySettings, ENVIRON | given)
    assert settings.bootstrap_api_key.text == OPERATOR_KEY
    assert settings.bootstrap_password == PASSWORD


def test_no_settings_open_no_tenant():
    assert load(IdentitySettings, ENVIRON).bootstrap_email == ""

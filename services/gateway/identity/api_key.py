"""API keys: with one, a program calls as its user.

The record says what a key is for. What proves the key stands apart from it, in `api_key_proofs`, so that no read, list or
event of the record can show it; the key itself is answered once and not kept.
"""

from typing import Any

from crm.identity.v1 import api_key_pb2
from pymongo import ASCENDING
from pymongo.collection import Collection

from chassis import DateTimeField, Forbidden, Invalid, Noun, Scope, StringField, now, principal, transaction
from services.gateway.identity.credential import API_KEY, Credential, across_tenants
from services.gateway.identity.refusals import CredentialUnknown
from services.gateway.identity.secret import Key, digest


class ApiKey(Noun):
    """A key with which a program calls the API as its user."""

    contract = api_key_pb2.ApiKey
    meta = {"collection": "api_keys"}
    searched = ("name", "hint")
    indexed = (("user_id",),)

    name = StringField()
    user_id = StringField()
    secret = StringField()  # the contract's field; never set here, `shown` fills it in once
    hint = StringField()
    expire_time = DateTimeField()
    last_use_time = DateTimeField()

    key: Key | None = None  # in hand between making it and answering it

    @classmethod
    def visible(cls, action: str = "read") -> dict[str, Any]:
        """Every key for those who may see all, the own ones for everyone else."""
        query, whom = super().visible(action), principal()
        return query if _sees_all(action) else {**query, "user_id": whom.user_id}

    def arrive(self) -> None:
        """Draw the key; it calls as the caller unless an administrator names another user."""
        super().arrive()
        self.user_id = self.user_id or principal().user_id
        if self.user_id != principal().user_id and not _sees_all("write"):
            raise Forbidden(permission="identity.api_key.write for other users")
        if self.expire_time and self.expire_time <= now():
            raise Invalid.field("api_key.expire_time", "is in the past")
        if self.key is None:
            self.hold(Key.new())

    def hold(self, key: Key) -> None:
        """Take `key` for the record, to be answered once."""
        self.key, self.hint = key, key.hint

    def shown(self) -> api_key_pb2.ApiKey:
        """The record together with the key itself, for the one answer that has it."""
        answer = self.message()
        answer.secret = self.key.text if self.key else ""
        return answer

    def keep(self) -> bool:
        """Write the record and, in the same transaction, what proves its key: nothing once it is deleted."""
        if self.key or self.deleted_time:
            _proofs().delete_many({"tenant_id": self.tenant_id, "api_key_id": self.id})
        if self.key and not self.deleted_time:
            proof = {
                "_id": self.key.id_part, "tenant_id": self.tenant_id, "user_id": self.user_id, "api_key_id": self.id,
                "hash": digest(self.key.text), "expire_time": self.expire_time,
            }  # fmt: skip
            _proofs().insert_one(proof)
        return super().keep()

    @classmethod
    def recognise(cls, text: str) -> Credential:
        """The key that `text` is. Refused with CredentialUnknown, also once it has ended."""
        try:
            key = Key.read(text)
        except ValueError:
            raise CredentialUnknown from None
        proof = across_tenants("api_key_proofs").find_one({"_id": key.id_part})
        if proof is None or not key.proves(proof["hash"]) or _ended(proof):
            raise CredentialUnknown
        cls._note_use(proof)
        return Credential(proof["api_key_id"], proof["tenant_id"], proof["user_id"], API_KEY)

    @classmethod
    def end_all(cls, user_id: str) -> None:
        """Delete every key of a user."""
        for known in cls.objects(user_id=user_id, deleted_time=None).only("id"):
            key = cls.find(known.id, "delete")
            key.remove()
            key.keep()

    @classmethod
    def _note_use(cls, proof: dict[str, Any]) -> None:
        # Beside the record's revisions: use is no change of the record. Whoever moves the proof's minute on writes it down,
        # so a key costs at most one write a minute however many processes see it.
        minute = now().replace(second=0, microsecond=0)
        if proof.get("use_time") == minute:
            return
        held = {"_id": proof["_id"], "tenant_id": proof["tenant_id"], "use_time": proof.get("use_time")}
        if _proofs().update_one(held, {"$set": {"use_time": minute}}).modified_count:
            record = {"_id": proof["api_key_id"], "tenant_id": proof["tenant_id"]}
            cls._get_collection().update_one(record, {"$set": {"last_use_time": minute}})


def prepare() -> None:
    """Make the indexes of the proofs; MongoDB removes those that have ended."""
    _proofs().create_index([("tenant_id", ASCENDING), ("api_key_id", ASCENDING)])
    _proofs().create_index("expire_time", expireAfterSeconds=0)


def _sees_all(action: str) -> bool:
    return principal().scope(f"identity.api_key.{action}") is Scope.ALL


def _ended(proof: dict[str, Any]) -> bool:
    return proof["expire_time"] is not None and proof["expire_time"] <= now()


def _proofs() -> Collection[dict[str, Any]]:
    return transaction.database()["api_key_proofs"]

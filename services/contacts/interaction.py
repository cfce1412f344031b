"""Interactions: what happened between us and a customer, logged by a user or told by a service, as timelines show it."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from crm.common.v1 import listing_pb2
from crm.contacts.v1 import interaction_pb2

from chassis import (
    AlreadyExists,
    DateTimeField,
    Fact,
    Invalid,
    ListField,
    Noun,
    Parts,
    Scope,
    StringField,
    Violation,
    merging,
    new_id,
    now,
    principal,
    refer,
)
from services.contacts.account import Account
from services.contacts.channels import without_repeats
from services.contacts.contact import Contact
from services.contacts.refusals import InteractionNotLogged
from services.contacts.sight import of_customers

LOGGED = "contacts"
_FOLLOWING = [each for each in (*Account.children, *Contact.children) if each.collection == "interactions"]


class Interaction(Noun):
    """One thing that happened between us and a customer."""

    contract = interaction_pb2.Interaction
    meta = {"collection": "interactions"}
    searched = ("title", "description")
    # Ids of facts are unique across services, so this is the pair of source and source_id.
    unique = ("source_id",)
    indexed = (
        ("account_ids", "occur_time"),
        ("contact_ids", "occur_time"),
        ("record_id",),
        ("actor_id",),
        ("participants.contact_id",),
    )

    kind = StringField()
    direction = StringField()
    occur_time = DateTimeField()
    title = StringField()
    description = StringField()
    actor_id = StringField()
    source = StringField()
    source_id = StringField()
    record_id = StringField()
    account_ids = ListField(StringField())
    contact_ids = ListField(StringField())
    participants = Parts(interaction_pb2.Participant)
    attachments = Parts(interaction_pb2.AttachedFile)

    @property
    def logged(self) -> bool:
        """Written down by a user."""
        return not self.told

    @property
    def told(self) -> bool:
        """Known from a fact that a service announced."""
        return bool(self.source_id)

    @classmethod
    def visible(cls, action: str = "read") -> dict[str, Any]:
        """What the caller may do `action` with: below the scope all that is its own, and to read also what stands on the
        timeline of an account or a contact that it may see.
        """
        whom, query = principal(), super().visible(action)
        if whom.scope(cls.about().permission(action)) is Scope.ALL:
            return query
        reasons: list[dict[str, Any]] = [{"actor_id": whom.user_id}]
        if action == "read":
            reasons += of_customers("account_ids", "contact_ids")
        return {**query, "$or": reasons}

    @classmethod
    def timeline(cls, field: str, request: Any) -> Any:
        """The page of a TimelineRequest: what names its `id` in `field`, newest first. Who may see that may see all of it."""
        narrow = [_where(field, "eq", request.id), *_narrowing(request)]
        asked = listing_pb2.ListRequest(
            filter={"all": narrow},
            order_by=["-occur_time"],
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return cls.page(asked, interaction_pb2.ListInteractionsResponse, {"tenant_id": principal().tenant_id})

    @classmethod
    def tell(cls, fact: Fact, **told: Any) -> None:
        """Put what a service announced on timelines: one fact makes one interaction, however often it is told, and none where it
        concerns neither an account nor a contact.
        """
        said = {name: value for name, value in told.items() if value}
        if not said.keys() & {"account_ids", "contact_ids"}:
            return
        # What was announced before its service heard of a merge stands with the survivor.
        said, notes = merging.arrived(_FOLLOWING, id := new_id(cls.about().prefix), said)
        with suppress(AlreadyExists):  # it was told before
            cls.fresh(id, source=fact.service, source_id=fact.id, actor_id=fact.actor_id, **said).enter()
            merging.keep(notes)

    @classmethod
    def forget(cls, field: str, id: str) -> None:
        """Take an account or a contact that is no more off what happened; what was on its timeline alone goes with it."""
        rows, here = cls._get_collection(), {"tenant_id": principal().tenant_id, field: id}
        alone = {"account_ids": {"$in": [None, [], [id]]}, "contact_ids": {"$in": [None, [], [id]]}}
        rows.delete_many({**here, **alone})
        rows.update_many(here, {"$pull": {field: id}, "$inc": {"revision": 1}})

    def arrive(self) -> None:
        """What a user logs happened now, unless it is said when."""
        super().arrive()
        self.occur_time = self.occur_time or now()
        self.actor_id = self.actor_id or principal().user_id
        self.source = self.source or LOGGED

    def settle(self) -> None:
        """Each account and contact once, at least one of them, and those that a user names must be there."""
        self.account_ids, self.contact_ids = without_repeats(self.account_ids), without_repeats(self.contact_ids)
        if not (self.account_ids or self.contact_ids):
            raise Invalid.field("interaction.account_ids", "is required where there are no contact_ids")
        if nameless := [place for place, each in enumerate(self.participants) if not any(each.values())]:
            raise Invalid(
                Violation(f"interaction.participants[{place}]", "says nothing of anybody") for place in nameless
            )
        if self.logged:
            refer(self, "account_ids", Account)
            refer(self, "contact_ids", Contact)
            refer(self, "participants.contact_id", Contact)

    def show(self, attachments: list[dict[str, Any]]) -> None:
        """Show the files that are on it now."""
        if attachments != self.attachments:
            self.attachments = attachments
            self.record_standard("Updated", changed_fields=["attachments"])

    def amend(self, message: Any, paths: list[str]) -> bool:
        """Change what a user logged. Refused with InteractionNotLogged for what a service told."""
        self._demand_logged()
        return super().amend(message, paths)

    def remove(self) -> None:
        """Delete what a user logged. Refused with InteractionNotLogged for what a service told."""
        self._demand_logged()
        super().remove()

    def _demand_logged(self) -> None:
        if self.told:
            raise InteractionNotLogged(interaction=self.id, source=self.source)


def _narrowing(request: Any) -> Iterator[listing_pb2.Filter]:
    """What a TimelineRequest asks for beside whom it is about."""
    if request.kinds:
        names = [interaction_pb2.Interaction.Kind.Name(kind) for kind in request.kinds]
        any_kind = {"list_value": {"values": [{"string_value": name} for name in names]}}
        yield listing_pb2.Filter(field="kind", op="in", value=any_kind)
    if request.direction:
        yield _where("direction", "eq", interaction_pb2.Interaction.Direction.Name(request.direction))
    if request.HasField("start_time"):
        yield _where("occur_time", "gte", request.start_time.ToJsonString())
    if request.HasField("end_time"):
        yield _where("occur_time", "lt", request.end_time.ToJsonString())


def _where(field: str, op: str, value: str) -> listing_pb2.Filter:
    return listing_pb2.Filter(field=field, op=op, value={"string_value": value})

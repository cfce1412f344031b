"""The standard methods, once for every noun: get, list, create, update, delete, restore, purge, upsert, and their batches.

`standard(Product, Opportunity)` is a servicer mixin with an rpc method for each of them; `verbs(Lead, "work", "qualify")` is
one with those that call one verb with what their request says. A service writes down only what is more than that. Methods
that the contract does not offer are simply never called.
"""

from collections.abc import Callable
from typing import Any

from crm.common.v1 import listing_pb2, requests_pb2
from google.protobuf.message import Message

from chassis.contract import NounContract
from chassis.document import Noun
from chassis.principal import principal
from chassis.refusals import FieldForbidden, Invalid, Refusal, Violation, to_status
from chassis.validation import violations

CREATED, UPDATED, UNCHANGED, DELETED, FOUND = (
    requests_pb2.CREATED, requests_pb2.UPDATED, requests_pb2.UNCHANGED, requests_pb2.DELETED, requests_pb2.FOUND
)  # fmt: skip

Written = tuple[Any, int]  # the record's message, and the outcome
Write = Callable[[Any], Written]


def standard(*nouns: type[Noun]) -> type:
    """A class with the rpc methods of every noun."""
    methods: dict[str, Any] = {"nouns": nouns}
    for noun in nouns:
        methods |= _singles(noun) | _batches(noun)
    return type("Standard", (), methods)


def verbs(noun: type[Noun], *names: str, **called: str) -> type:
    """A class with an rpc method for each verb: `verbs(Lead, "work", "disqualify")` has `WorkLead` and `DisqualifyLead`.

    It calls the verb with all that the request says beside the `id`, by name, and answers with the record. `called` are the
    verbs that have another name in the noun: `validate="try_out"`.
    """
    methods = {
        f"{verb.capitalize()}{noun.about().name}": _verb(noun, getattr(noun, method))
        for verb, method in (dict(zip(names, names, strict=True)) | called).items()
    }
    return type("Verbs", (), methods)


def _verb(noun: type[Noun], verb: Callable[..., None]) -> Any:
    def answer(self: Any, request: Any, context: Any) -> Any:
        said = {field.name: getattr(request, field.name) for field in request.DESCRIPTOR.fields if field.name != "id"}
        with noun.change(request) as record:
            verb(record, **said)
        return record.message()

    return answer


def page_of(noun: type[Noun], request: Any, *, order: str = "-id", **named: str) -> Any:
    """The page that `request` asks for of the records that name another: `page_of(Message, request, ticket_id=ticket.id)`.

    Whoever may see the other record may see all of them, so whoever asks has looked it up.
    """
    [(field, id)] = named.items()
    asked = listing_pb2.ListRequest(
        filter={"field": field, "op": "eq", "value": {"string_value": id}}, order_by=[order],
        page_size=request.page_size, page_token=request.page_token,
    )  # fmt: skip
    about = noun.about()
    return noun.page(asked, about.message(f"List{about.plural_name}Response"), {"tenant_id": principal().tenant_id})


def create(noun: type[Noun], message: Message) -> Written:
    """Make a record."""
    return noun.create(message).message(), CREATED


def update(noun: type[Noun], message: Any, mask: Any) -> Written:
    """Change the fields of `mask`, or those that are set where there is no mask."""
    paths = list(mask.paths) or [field.name for field, _ in message.ListFields()]
    with noun.change(message) as record:
        changed = record.amend(message, paths)
    return record.message(), UPDATED if changed else UNCHANGED


def upsert(noun: type[Noun], system: str, external_id: str, message: Any) -> Written:
    """Create or change the record that another system names so; one that was deleted comes back."""
    known = noun.of_external_id(system, external_id)
    if known is None:
        given = type(message)()
        given.CopyFrom(message)
        if not any((each.system, each.id) == (system, external_id) for each in given.external_ids):
            given.external_ids.add(system=system, id=external_id)
        return create(noun, given)
    record = noun.restore(known.id) if known.deleted_time else noun.find(known.id, "write")
    record.guard()
    changed = record.amend(message, [field.name for field, _ in message.ListFields()])
    record.keep()
    return record.message(), UPDATED if changed or known.deleted_time else UNCHANGED


def delete(noun: type[Noun], request: Any) -> Written:
    """Take a record out of every list."""
    with noun.change(request, "delete") as record:
        record.remove()
    return record.message(), DELETED


def purge(noun: type[Noun], request: Any) -> requests_pb2.PurgeResponse:
    """Delete a deleted record for good."""
    noun.purge(request)
    return requests_pb2.PurgeResponse()


def _singles(noun: type[Noun]) -> dict[str, Any]:
    about = noun.about()
    name, field = about.name, about.noun

    def page(self: Any, request: Any, context: Any) -> Any:
        return noun.page(request, about.message(f"List{about.plural_name}Response"))

    return {
        f"Get{name}": lambda self, request, context: noun.get(request),
        f"List{about.plural_name}": page,
        f"Create{name}": lambda self, request, context: create(noun, getattr(request, field))[0],
        f"Update{name}": lambda self, request, context: update(noun, getattr(request, field), request.update_mask)[0],
        f"Delete{name}": lambda self, request, context: delete(noun, request)[0],
        f"Restore{name}": lambda self, request, context: noun.restore(request.id).message(),
        f"Purge{name}": lambda self, request, context: purge(noun, request),
        f"Upsert{name}": lambda self, request, context: upsert(
            noun, request.system, request.external_id, getattr(request, field)
        )[0],
    }


def _batches(noun: type[Noun]) -> dict[str, Any]:
    about = noun.about()
    plural, field = about.plural_name, about.noun

    def items(rpc: str, write: Write) -> dict[str, Any]:
        def checked(item: Any) -> Written:
            if faults := violations(item, rpc):
                raise Invalid(faults)
            return write(item)

        def answer(self: Any, request: Any, context: Any) -> Any:
            pairs = [pair for item in request.items for pair in getattr(item, field).external_ids]
            noun.foresee_external_ids([(pair.system, pair.id) for pair in pairs])
            return _batch(about, request.items, request.atomic, checked)

        return {rpc: answer}

    def get(self: Any, request: Any, context: Any) -> Any:
        found = noun.get_all(request)
        return _batch(about, request.ids, False, lambda id: (_present(noun, found, id), FOUND))

    def remove(self: Any, request: Any, context: Any) -> Any:
        asked = [requests_pb2.DeleteRequest(id=id) for id in request.ids]
        return _batch(about, asked, request.atomic, lambda one: delete(noun, one))

    return (
        {f"BatchGet{plural}": get, f"BatchDelete{plural}": remove}
        | items(f"BatchCreate{plural}", lambda one: create(noun, getattr(one, field)))
        | items(f"BatchUpdate{plural}", lambda one: update(noun, getattr(one, field), one.update_mask))
        | items(f"BatchUpsert{plural}", lambda one: _upsert_item(noun, getattr(one, field)))
    )


def _present(noun: type[Noun], found: dict[str, Any], id: str) -> Any:
    if id not in found:
        raise noun.missing(id)
    return found[id]


def _upsert_item(noun: type[Noun], message: Any) -> Written:
    if not message.external_ids:
        raise Invalid.field(f"{noun.about().noun}.external_ids", "is required: the first entry says which record")
    first = message.external_ids[0]
    return upsert(noun, first.system, first.id, message)


def batch(response: Any, items: Any, write: Callable[[Any, Any], None], *, rpc: str) -> Any:
    """Do `write(item, result)` with each item of the method `rpc`, and answer `response` with a result for each.

    An item that does not fit its contract, or is refused, must have written nothing; the others stand.
    """

    def checked(item: Any, result: Any) -> None:
        if faults := violations(item, rpc):
            raise Invalid(faults)
        write(item, result)

    return _each(response, items, False, checked)


def _batch(about: NounContract, items: Any, atomic: bool, write: Write) -> Any:
    """Do `write` with each item, and answer with its record."""

    def answer(item: Any, result: Any) -> None:
        record, result.outcome = write(item)
        getattr(result, about.noun).CopyFrom(record)

    return _each(about.message(f"Batch{about.plural_name}Response")(), items, atomic, answer)


def _each(response: Any, items: Any, atomic: bool, write: Callable[[Any, Any], None]) -> Any:
    # An item that is refused has written nothing, so the others stand, unless `atomic`.
    service = response.DESCRIPTOR.full_name.split(".")[1]
    for index, item in enumerate(items):
        result = response.results.add(index=index, client_ref=getattr(item, "client_ref", ""))
        try:
            write(item, result)
        except Refusal as refusal:
            if atomic:
                raise _of_item(index, refusal) from refusal
            result.error.CopyFrom(to_status(refusal, f"{service}.crm"))
            response.failed_count += 1
    return response


def _of_item(index: int, refusal: Refusal) -> Refusal:
    """The refusal of a whole batch for the sake of one item, told with the item's place."""
    refusal.keywords["index"] = str(index)
    if isinstance(refusal, Invalid | FieldForbidden):
        refusal.violations = [
            Violation(f"items[{index}].{each.field}", each.description) for each in refusal.violations
        ]
    return refusal

"""What the contract may say, and what is derived from it: routes, the OpenAPI document, the manual, the screens."""

import html.parser
import re

import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway import contract, openapi, transcoding
from services.gateway import routes as screens
from services.gateway.transcoding import ContractFault
from tests.openapi import _validator, document


def a_service(*rules, **more):
    """A service of one rpc per HTTP rule, each a dictionary of the annotation's fields."""
    file = descriptor_pb2.FileDescriptorProto(name="trial.proto", package="crm.trial.v1", syntax="proto3")
    file.dependency.extend(["google/api/annotations.proto", "crm/options/v1/options.proto"])
    text, number, message = (
        descriptor_pb2.FieldDescriptorProto.Type.Value(f"TYPE_{kind}") for kind in ("STRING", "INT32", "MESSAGE")
    )
    note, request = file.message_type.add(name="Note"), file.message_type.add(name="Request")
    note.field.add(name="id", number=1, type=text, label=1)
    request.field.add(name="id", number=1, type=text, label=1)
    request.field.add(name="note", number=2, type=message, type_name=".crm.trial.v1.Note", label=1)
    request.field.add(name="system", number=3, type=number, label=1)
    service = file.service.add(name="TrialService")
    for index, rule in enumerate(rules):
        method = service.method.add(
            name=f"Try{index}", input_type=".crm.trial.v1.Request", output_type=".crm.trial.v1.Note"
        )
        from crm.options.v1 import options_pb2

        method.options.Extensions[options_pb2.access].permission = "trial.note.write"
        http = method.options.Extensions[annotations_pb2.http]
        for name, value in rule.items():
            if name == "custom":
                http.custom.kind, http.custom.path = value
            else:
                setattr(http, name, value)
    pool = descriptor_pool.DescriptorPool()
    for needed in (
        "google/protobuf/descriptor.proto",
        "google/api/http.proto",
        "google/api/annotations.proto",
        "crm/options/v1/options.proto",
    ):
        known = descriptor_pb2.FileDescriptorProto()
        descriptor_pool.Default().FindFileByName(needed).CopyToProto(known)
        pool.Add(known)
    pool.Add(file)
    return pool.FindServiceByName("crm.trial.v1.TrialService")


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"custom": ("BREW", "/v1/notes")}, "custom method"),
        ({"get": "/v2/notes"}, "is not /v1 with literals"),
        ({"get": "/v1/notes/**"}, "is not /v1 with literals"),
        ({"get": "/v1/{id=notes/*}"}, "is not /v1 with literals"),
        ({"get": "/v1/notes/{id}:a:b"}, "is not /v1 with literals"),
        ({"get": "/v1/notes/{text}"}, "is none of"),
        ({"get": "/v1/notes/{note.text}"}, "is none of"),
        ({"get": "/v1/notes/{note.note.id}"}, "is none of"),
        ({"get": "/v1/notes/{external_id}"}, "is no text field"),
        ({"get": "/v1/notes/{system}"}, "is no text field"),
        ({"get": "/v1/notes/{id}/{id}"}, "has a variable twice"),
        ({"get": "/v1/notes/{id}/{note.id}"}, "has a variable twice"),
        ({"get": "/v1/notes", "body": "*"}, "takes no body"),
        ({"post": "/v1/notes"}, "needs body"),
        ({"post": "/v1/notes", "body": "id"}, "is no message field"),
        ({"post": "/v1/notes", "body": "nothing"}, "is no message field"),
        ({"post": "/v1/notes", "body": "note", "response_body": "id"}, "response_body"),
    ],
)
def test_an_annotation_outside_the_subset_stops_the_start_and_says_why(rule, fault):
    with pytest.raises(ContractFault, match=fault):
        transcoding.routes([a_service(rule)])


def test_every_fault_of_a_contract_is_told_at_once():
    with pytest.raises(ContractFault) as told:
        transcoding.routes([a_service({"post": "/v1/notes"}, {"get": "/v3/notes"}, {"get": "/v1/notes", "body": "*"})])
    assert len(str(told.value).splitlines()) == 3


def test_one_path_belongs_to_one_rpc():
    with pytest.raises(ContractFault, match=r"is crm\.trial\.v1\.TrialService\.Try0's"):
        transcoding.routes([a_service({"get": "/v1/notes/{id}"}, {"get": "/v1/notes/{note.id}"})])


def test_an_annotation_inside_the_subset_makes_a_route():
    (route,) = transcoding.routes([a_service({"patch": "/v1/notes/{note.id}", "body": "note"})])
    assert (route.verb, route.path, route.places, route.body) == ("PATCH", "/v1/notes/{id}", {"note.id": "id"}, "note")


def test_the_document_is_valid_openapi():
    OpenAPIV31SpecValidator(document()).validate()


def test_every_rpc_with_a_path_is_described_with_its_comment():
    described = {
        each["x-rpc"]: each for verbs in document()["paths"].values() for each in verbs.values() if "x-rpc" in each
    }
    for route in transcoding.routes(contract.services()):
        assert described[route.rpc.path]["description"].strip(), route.rpc.path
    win = document()["paths"]["/v1/opportunities/{id}:win"]["post"]
    assert win["x-permission"] == "sales.opportunity.write"
    assert win["x-refusals"] == ["OpportunityAlreadyClosed"]


def test_limits_and_behaviours_of_fields_are_described():
    contact = document()["components"]["schemas"]["Contact"]["properties"]
    assert contact["id"]["readOnly"]
    assert contact["given_name"]["maxLength"] == 255
    assert contact["tags"]["maxItems"] == 50
    assert contact["account_id"]["pattern"].startswith("^(acc_")
    tenant = document()["components"]["schemas"]["Tenant"]["properties"]
    assert tenant["administrator_password"]["writeOnly"]
    made = document()["paths"]["/v1/accounts"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert made["required"] == ["name"]


def test_every_example_of_a_body_is_valid():
    for path, verbs in document()["paths"].items():
        for verb, operation in verbs.items():
            media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if "example" in media:
                place = f"/paths/{path.replace('/', '~1')}/{verb}/requestBody/content/application~1json/schema"
                assert not list(_validator(place).iter_errors(media["example"])), f"{verb} {path}"
    for schema in document()["components"]["schemas"].values():
        for field in schema.get("properties", {}).values():
            for example in field.get("examples", ()):
                Draft202012Validator(field).validate(example)


def test_the_manual_is_sound_html_without_scripts():
    class Reader(html.parser.HTMLParser):
        open: list = []

        def handle_starttag(self, tag, attributes):
            assert tag not in ("script", "link", "img", "iframe")
            assert not any(name.startswith("on") or name == "style" for name, _ in attributes)
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    reader = Reader()
    page = openapi.page(document())
    reader.feed(page)
    assert not reader.open
    assert "/v1/opportunities/{id}:win" in page


def test_every_rpc_and_permission_fits_one_screen_per_service():
    *printed, composed = screens.screens()
    assert max(map(len, composed.splitlines())) <= 120
    for screen, service in zip(printed, contract.services(), strict=True):
        lines = screen.splitlines()
        assert len(lines) <= 64
        assert max(map(len, lines)) <= 120
        for method in service.methods:
            folded = method.name.startswith("Batch") and "Batch…" in screen
            verb, noun = re.match("([A-Z][a-z]+)(.*)", method.name).groups()
            of_verbs = re.search(rf":{{[a-z,]*\b{verb.lower()}\b[a-z,]*}} +…{noun} ", screen)
            assert f" {method.name} " in screen or folded or of_verbs, method.name

"""Holds answers to the public description: `conforms(response)` fails where one is not as /openapi.json promises."""

import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from jsonschema_rs import Draft202012, Draft202012Validator, Registry

from services.gateway import contract, openapi, transcoding

_ROOT = "urn:kith:openapi"


@cache
def document() -> dict[str, Any]:
    """The description of this tree's contract."""
    return openapi.document(transcoding.routes(contract.services()))


def conforms(response: Any) -> Any:
    """The answer itself, after a check of its status, media type, headers and body.

    Takes an answer of Flask's test client, requests or httpx.
    """
    verb, path = response.request.method, urlsplit(str(getattr(response.request, "url", ""))).path
    body = response.data if hasattr(response, "data") else response.content
    check(verb, path, response.status_code, dict(response.headers), body)
    return response


def check(verb: str, path: str, status: int, headers: dict[str, str], body: bytes) -> None:
    """Raises AssertionError when an answer to `verb path` is not as described."""
    headers = {name.lower(): value for name, value in headers.items()}
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", headers.get("x-request-id", "")), "every answer has X-Request-Id"
    media = headers.get("content-type", "").split(";")[0]
    if status >= 400:
        assert media == "application/problem+json", f"{status} answers {media!r}: {body[:200]!r}"
        problem = orjson.loads(body)
        _validate("/components/schemas/Problem", problem)
        assert problem["status"] == status
        return
    pointer, answers = _answers(verb, path)
    assert str(status) in answers, f"{verb} {path} answered {status}, described are {', '.join(answers)}"
    content = answers[str(status)].get("content", {})
    if "*/*" in content:  # a file, which may be empty
        return
    assert bool(content) == bool(body), f"{verb} {path} {status}: a body where none is described, or none where one is"
    if content:
        assert media in content, f"{verb} {path} answered {media!r}"
    if media == "application/json":
        _validate(f"{pointer}/{status}/content/{media.replace('/', '~1')}/schema", orjson.loads(body))


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    found = []
    for path in document()["paths"]:
        parts = re.split(r"(\{[a-z_]+\})", path)
        kinds = {"{external_id}": ".+"}
        spelt = "".join(kinds.get(part, "[^/:]+") if part.startswith("{") else re.escape(part) for part in parts)
        found.append((re.compile(spelt + r"\Z"), path))
    return sorted(found, key=lambda each: each[1].count("{"))


def _answers(verb: str, path: str) -> tuple[str, dict[str, Any]]:
    for pattern, template in _patterns():
        described = document()["paths"][template]
        if pattern.match(path) and verb.lower() in described:
            step = template.replace("~", "~0").replace("/", "~1")
            return f"/paths/{step}/{verb.lower()}/responses", described[verb.lower()]["responses"]
    raise AssertionError(f"{verb} {path} is not described")


def _validate(pointer: str, value: Any) -> None:
    errors = _validator(pointer).iter_errors(value)
    faults = [f"{'.'.join(map(str, each.instance_path))}: {each.message}" for each in errors]
    assert not faults, "\n".join(faults[:10])


@cache
def _validator(pointer: str) -> Draft202012Validator:
    schema = {"$ref": f"{_ROOT}#{pointer.replace('{', '%7B').replace('}', '%7D')}"}
    return Draft202012Validator(schema, registry=_registry(), validate_formats=True)


@cache
def _registry() -> Registry:
    return Registry([(_ROOT, document())], draft=Draft202012)

"""The OpenAPI document as one HTML page, rendered here: no scripts, nothing from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from typing import Any

STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0 auto;max-width:60rem;padding:1.5rem}
nav a{margin-right:1rem;white-space:nowrap}
code,pre{font:.9em/1.5 ui-monospace,monospace}
pre{background:#8881;overflow-x:auto;padding:.8rem}
summary{cursor:pointer;padding:.3rem 0}
summary b{display:inline-block;width:4.5rem}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #8884;padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top}
""".strip()
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def frame(title: str, body: str) -> str:
    """A whole page around `body`, which is HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )


def page(document: dict[str, Any]) -> str:
    """The manual."""
    tags = [tag["name"] for tag in document["tags"]]
    parts = [f"<h1>{escape(document['info']['title'])}</h1>", _paragraphs(document["info"]["description"])]
    parts.append("<nav>" + " ".join(f'<a href="#{tag}">{tag}</a>' for tag in [*tags, "shapes"]) + "</nav>")
    for tag in document["tags"]:
        parts.append(f'<h2 id="{tag["name"]}">{escape(tag["name"])}</h2><p>{escape(tag["description"])}</p>')
        for path, verbs in document["paths"].items():
            parts += [_operation(verb, path, each) for verb, each in verbs.items() if tag["name"] in each["tags"]]
    parts.append('<h2 id="shapes">Shapes</h2>')
    for name, schema in document["components"]["schemas"].items():
        text = escape(schema.get("description", ""))
        parts.append(f'<h3 id="{name}">{name}</h3><p>{text}</p>{_properties(schema)}')
    return frame(document["info"]["title"], "".join(parts))


def _operation(verb: str, path: str, operation: dict[str, Any]) -> str:
    parts = [
        f"<details><summary><b>{verb.upper()}</b> <code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
    ]
    parts.append(_paragraphs(operation.get("description", "")))
    rows = [
        (each["name"], each["in"], each.get("description", ""))
        for each in operation.get("parameters", ())
        if "name" in each
    ]
    if rows:
        parts.append(_table(("Parameter", "In", ""), rows))
    for media in operation.get("requestBody", {}).get("content", {}).values():
        parts.append(f"<h4>Body</h4>{_properties(media['schema'])}")
        if media.get("example"):
            parts.append(f"<pre>{escape(json.dumps(media['example'], indent=2, ensure_ascii=False))}</pre>")
    answers = [(code, _shape(each), each.get("description", "")) for code, each in operation["responses"].items()]
    parts.append("<h4>Answers</h4>" + _table(("Status", "Shape", ""), [row for row in answers if row[1] or row[2]]))
    return "".join(parts) + "</details>"


def _properties(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"<p>{_link(schema['$ref'])}</p>"
    required = schema.get("required", ())
    rows = []
    for name, each in schema.get("properties", {}).items():
        notes = [word for word, key in (("read only", "readOnly"), ("write only", "writeOnly")) if each.get(key)]
        notes += ["required"] if name in required else []
        rows.append((name, _kind(each), " ".join([each.get("description", ""), *(f"({note})" for note in notes)])))
    return _table(("Field", "Type", ""), rows) if rows else ""


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if "enum" in schema:
        return " | ".join(each for each in schema["enum"] if each)
    kind = schema.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(schema.get("format") or kind)


def _shape(answer: dict[str, Any]) -> str:
    if "$ref" in answer:
        return "Problem"
    return next((_kind(media["schema"]) for media in answer.get("content", {}).values()), "")


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part)


def _link(ref: str) -> str:
    name = ref.rsplit("/", 1)[-1]
    return f'<a href="#{escape(name)}">{escape(name)}</a>'

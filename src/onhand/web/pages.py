"""Pages for people: the operations at /docs and the refusals at /docs/errors.

Made on the server from the OpenAPI document and the message tables: no script, nothing fetched
from anywhere else.
"""

import base64
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from onhand.bootstrap.set_up import PATH as SET_UP
from onhand.web.errors import STATUSES
from onhand.web.guard import JSON
from onhand.web.messages import TEXTS, best_language

router = APIRouter(include_in_schema=False)

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
h1,h2,h3{line-height:1.2}h2{margin-top:3rem;border-bottom:1px solid var(--line)}
code,pre{font:14px/1.4 ui-monospace,monospace;background:var(--soft);border-radius:4px}
code{padding:0 .25em;overflow-wrap:anywhere}pre{padding:.75rem;overflow:auto}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;padding:.25rem .75rem}
summary{cursor:pointer}summary code{background:none;font-weight:600}
table{border-collapse:collapse;width:100%}
th,td{text-align:start;vertical-align:top;padding:.25rem .5rem;border-top:1px solid var(--line)}
td:first-child code{white-space:nowrap}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem}
@media(max-width:40rem){
table,tbody{display:block}tr{display:block;padding:.5rem 0;border-top:1px solid var(--line)}
td{display:block;padding:0;border:0}td:empty{display:none}
td:nth-child(-n+3){display:inline-block;padding-inline-end:.5rem}
}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_FIRST_LINKS = '<a href="/openapi.json">openapi.json</a><a href="/docs/errors">refusals</a>'
_Node = dict[str, Any]


@router.get("/")
def show_start() -> Response:
    """To the console."""
    return RedirectResponse("/console/")


@router.get(f"{SET_UP}{{secret}}")
def show_set_up(secret: str) -> Response:
    """To the console's page behind a set-up link."""
    return RedirectResponse(f"/console/set-up?link={quote(secret, safe='')}", headers=_HEADERS)


@router.get("/docs")
def show_operations(request: Request) -> Response:
    """Every operation with an example."""
    document: _Node = request.app.openapi()
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            part = "".join(_operation(document, f"{method.upper()} {path}", operation))
            groups[operation["tags"][0]].append(part)
    tags = [tag for tag in document["tags"] if tag["name"] in groups]
    links = "".join(f'<a href="#{_id(t["name"])}">{escape(t["name"])}</a>' for t in tags)
    body = [
        f"<h1>Onhand {escape(document['info']['version'])}</h1>",
        _prose(document["info"]["description"]),
        f"<nav>{_FIRST_LINKS}{links}</nav>",
    ]
    for tag in tags:
        body.append(f'<h2 id="{_id(tag["name"])}">{escape(tag["name"])}</h2>')
        body += [_prose(tag["description"]), *groups[tag["name"]]]
    return _page("Onhand API", "".join(body), language="en")


@router.get("/docs/errors")
def show_refusals(request: Request) -> Response:
    """Every code a refusal may carry, in the reader's language."""
    language = best_language(request.headers.get("accept-language", ""))
    rows = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>{status}</td>'
        f"<td>{escape(TEXTS[language][code].title)}</td>"
        f"<td>{escape(TEXTS[language][code].detail)}</td></tr>"
        for code, status in sorted(STATUSES.items())
    )
    return _page("Onhand: refusals", f"<h1>Refusals</h1><table>{rows}</table>", language=language)


def _page(title: str, body: str, *, language: str) -> Response:
    html = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><body>{body}</body></html>"
    )
    return Response(html, media_type="text/html", headers=_HEADERS)


def _operation(document: _Node, name: str, operation: _Node) -> Iterator[str]:
    yield f'<details id="{escape(operation["operationId"])}"><summary><code>{escape(name)}</code>'
    yield f" {escape(operation['summary'])}</summary>{_prose(operation.get('description', ''))}"
    parameters = operation.get("parameters", [])
    if parameters:
        yield f"<table>{''.join(_parameter(p) for p in parameters)}</table>"
    body = _resolved(document, operation.get("requestBody", {})).get("examples")
    yield f"<pre>{escape(_curl(name, body))}</pre>"
    for status, response in operation["responses"].items():
        example = _resolved(document, response).get("examples")
        if status.startswith("2") and example:
            yield f"<pre>{escape(json.dumps(example[0], ensure_ascii=False, indent=1))}</pre>"
        elif not status.startswith("2"):
            yield f"<p>{status} {_code_links(response['description'])}</p>"
    yield "</details>"


def _parameter(parameter: _Node) -> str:
    text = parameter.get("description") or parameter["schema"].get("description", "")
    needed = "required" if parameter.get("required") else ""
    return (
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{parameter['in']}</td>"
        f"<td>{needed}</td><td>{_inline(text)}</td></tr>"
    )


def _resolved(document: _Node, message: _Node) -> _Node:
    """The schema of a JSON message, a reference to a component followed."""
    schema: _Node = message.get("content", {}).get(JSON, {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    found: _Node = document["components"]["schemas"].get(name, schema)
    return found


def _curl(name: str, examples: list[object] | None) -> str:
    method, _, path = name.partition(" ")
    lines = [f"curl -X {method} http://127.0.0.1:8000{path}", '-H "Authorization: Bearer $TOKEN"']
    if examples:
        body = json.dumps(examples[0], ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    return " \\\n  ".join(lines)


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.split("\n\n") if part)


def _inline(text: str) -> str:
    linked = re.sub(r"\[([^\]]+)\]\((/[\w/.#-]*)\)", r'<a href="\2">\1</a>', escape(text))
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", linked)


def _code_links(text: str) -> str:
    return re.sub(r"`(\w+)`", r'<a href="/docs/errors#\1"><code>\1</code></a>', escape(text))


def _id(name: str) -> str:
    return re.sub(r"\W+", "-", name.lower())

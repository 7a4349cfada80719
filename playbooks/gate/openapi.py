"""The gate's OpenAPI document, made from the types that decode and encode what it speaks of."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from playbooks.gate.decision import GateAnswer, GateRequest
from playbooks.gate.listing import HoldsAnswer, HoldsQuery
from playbooks.gate.proxy import (
    ANSWER_HEADER,
    AUTOMATED_HEADER,
    FIELDS,
    HOLD_HEADER,
    POST_HEADER,
    PROXY_PATH,
    REASONS_HEADER,
    REQUEST_HEADER,
    TAGS_HEADER,
    TEXT_HEADER,
    TOKEN_HEADER,
)
from playbooks.gate.refusal import GateError

_REF: Final = "#/components/schemas/{name}"
_REFUSALS: Final = {
    "400": "The question cannot be read: do not post.",
    "401": "The token is missing or wrong: do not post.",
    "408": "The question did not arrive in time: do not post.",
    "413": "The question is too large: do not post.",
    "500": "A fault in the gate: do not post.",
    "503": "The store does not answer: do not post.",
}


@cache
def openapi_json() -> bytes:
    """The document, as it is served at ``/openapi.json`` and stands in docs/gate-openapi.json."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2)


def document() -> dict[str, Any]:
    """The document as plain data."""
    types = (GateRequest, GateAnswer, GateError, HoldsAnswer)
    (request, answer, error, holds), schemas = msgspec.json.schema_components(types, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Firebreak's gate",
            "version": "1",
            "description": "What a scheduler asks before it posts. A post may go only after a 200 whose decision is "
            "allow, before its valid_until. Anything else means: do not post.",
        },
        "security": [{"token": []}],
        "paths": {
            "/v1/gate/decisions": {"post": _decisions(request, answer, error)},
            "/v1/gate/holds": {"get": _holds(holds, error)},
            PROXY_PATH: {"get": _proxy(error)},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _in_ecma(schemas),
        },
    }


def _decisions(request: object, answer: object, error: object) -> dict[str, Any]:
    return {
        "operationId": "decide",
        "summary": "May this post go now?",
        "requestBody": {"required": True, "content": {"application/json": {"schema": request}}},
        "responses": {"200": _json("The decision; only allow lets the post go.", answer)} | _refusals(error),
    }


def _holds(holds: object, error: object) -> dict[str, Any]:
    schema: dict[str, Any] = msgspec.json.schema(HoldsQuery)
    (properties,) = (each["properties"] for each in schema["$defs"].values())
    parameters = [
        {"name": name, "in": "query", "schema": _in_ecma(field["anyOf"][0])} for name, field in properties.items()
    ]
    return {
        "operationId": "holds",
        "summary": "The holds in force that would cover a post, and what each holds back.",
        "parameters": parameters,
        "responses": {"200": _json("The holds, oldest first.", holds)} | _refusals(error),
    }


def _proxy(error: object) -> dict[str, Any]:
    lists = (REQUEST_HEADER, TAGS_HEADER, AUTOMATED_HEADER, TEXT_HEADER, TOKEN_HEADER)
    headers = [_header(name, required=name in _MUST) for name in (*FIELDS, POST_HEADER, *lists)]
    told = {name: {"schema": {"type": "string"}} for name in (ANSWER_HEADER, REASONS_HEADER, HOLD_HEADER)}
    return {
        "operationId": "extAuth",
        "summary": "May this post go now? For nginx auth_request and Envoy ext_authz: any method, any path below.",
        "parameters": headers,
        "responses": {
            "200": {"description": "The post may go.", "headers": told},
            "403": {"description": "The post is held, or the headers are not a question.", "headers": told},
        }
        | _refusals(error),
    }


_MUST: Final = ("X-Firebreak-Brand", "X-Firebreak-Platform")


def _header(name: str, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": "string"}}


def _refusals(error: object) -> dict[str, Any]:
    return {status: _json(words, error) for status, words in _REFUSALS.items()}


def _json(words: str, schema: object) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _in_ecma(schema: Any) -> Any:
    """Patterns as JSON Schema has them: there is no ``\\Z``, and ``$`` matches at the very end alone."""
    match schema:
        case dict():
            return {
                key: value.replace(r"\Z", "$") if key == "pattern" else _in_ecma(value) for key, value in schema.items()
            }
        case list():
            return [_in_ecma(each) for each in schema]
        case _:
            return schema

"""The gate does what its OpenAPI document says: whatever is sent, no fault of ours, and no yes that is not clear."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from playbooks.gate.http import gate_app
from playbooks.gate.openapi import document, openapi_json
from playbooks.settings import StoreSettings
from playbooks.settings.gate import Otherwise
from playbooks.store.engine import open_store
from tests.parts.gate import TOKEN, a_gate, callers
from tests.parts.golden import Golden
from tests.parts.holding import hold, put
from tests.parts.require import CHECKOUT

PUBLISHED = CHECKOUT / "docs" / "gate-openapi.json"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[str]:
    """A gate in a thread of its own; every brand there is, is held on every platform."""
    path = tmp_path_factory.mktemp("gate") / "store.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine = open_store(StoreSettings(url=f"sqlite:///{path}"))
    put(engine, hold("every", brand="*"))
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), [0]

    async def serve() -> web.AppRunner:
        runner = web.AppRunner(gate_app(a_gate(engine), callers(), Otherwise.ALLOW), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port[0] = runner.addresses[0][1]
        ready.set()
        return runner

    runner = loop.create_task(serve())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    assert ready.wait(20)
    yield f"http://127.0.0.1:{port[0]}"
    asyncio.run_coroutine_threadsafe(runner.result().cleanup(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    engine.dispose()


schema = schemathesis.openapi.from_dict(document())


@schema.parametrize()
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_is_answered_as_the_document_says_and_never_with_a_yes(case: Any, address: str) -> None:
    response = case.call(base_url=address, headers={"Authorization": f"Bearer {TOKEN}"})
    case.validate_response(response, checks=[not_a_server_error, status_code_conformance, response_schema_conformance])
    assert response.status_code < 500
    if "decisions" in case.path and response.status_code == 200:
        assert response.json()["decision"] != "allow"
    if "ext-auth" in case.path:
        assert response.status_code != 200


@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_without_the_token_whatever_is_sent_is_answered_with_401(case: Any, address: str) -> None:
    case.headers = {name: said for name, said in (case.headers or {}).items() if name != "X-Firebreak-Token"}
    assert case.call(base_url=address).status_code == 401


def test_the_document_that_is_published_is_the_one_that_is_served(golden: Golden) -> None:
    golden(PUBLISHED, openapi_json().decode() + "\n")

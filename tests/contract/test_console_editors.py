"""Posts that the policy stopped, on the console and by command: what was found, and words about one text."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import yaml
from click.testing import CliRunner, Result
from msgspec.structs import replace
from sqlalchemy import Engine

from playbooks.gate.decision import GateAnswer, GateRequest, OutgoingPost
from playbooks.labels import Verdict
from playbooks.settings import StoreSettings
from playbooks.settings.brands import BrandSettings, PolicySettings, TopicSettings
from playbooks.store.engine import open_store
from playbooks.store.gate.policy_posts import newest
from streams.cli import main
from tests.parts.console import NOW_MS, SETTINGS, Clock, browsing, page, send
from tests.parts.gate import a_gate, rules

HOSTILE = "<script>alert(1)</script>"
SWEARING = f"It is damn cold {HOSTILE}"
POLICY = PolicySettings(
    topics={"health": TopicSettings(words=("cures*",), approvers=("executives",))}, editors=("ada", "cy")
)
HOUSE = replace(SETTINGS, brands={"acme": BrandSettings(name="Acme Airways", policy=POLICY)})


async def ask(store: Engine, text: str = SWEARING, actor: str | None = None) -> GateAnswer:
    gate = a_gate(store, lambda: NOW_MS, rules(policy=POLICY))
    await gate.look()
    post = OutgoingPost(id="post-1", text=text, links=("https://acme.example/a",))
    answer = await gate.decide(GateRequest(brand="acme", platform="x", account="news", post=post, actor=actor))
    gate.close()
    return answer


async def waiting(store: Engine) -> list[str]:
    return [stopped.id for stopped, _ in await asyncio.to_thread(newest, store, 10)]


async def test_a_post_that_was_held_for_its_words_is_looked_at_and_let_go(store: Engine) -> None:
    await ask(store, actor="bob <b>")
    (id,) = await waiting(store)
    async with browsing(store, "ada", Clock(), HOUSE) as browser:
        shown = await page(browser, "/posts")
        for words in ("Acme Airways on x, news: held", "It is damn cold", "swearing", "scheduler asked for post-1"):
            assert words in shown
        assert HOSTILE not in shown
        assert "bob <b>" not in shown
        assert await send(browser, f"/posts/{id}/let-go", reason=" ") == (303, "/posts?said=no_reason")
        assert await send(browser, f"/posts/{id}/let-go", reason="a song") == (303, "/posts?said=done")
        said = await page(browser, "/posts?said=done")
        assert "<strong>Ada Lovelace</strong> lets it go" in said
        assert "It goes when its scheduler asks again" in said
        assert "Let it go</button>" not in said
        assert (await ask(store)).decision is Verdict.ALLOW
        after = await page(browser, "/posts")
        assert "Nothing waits for an editor" in after
        assert "Went by a person" in after


async def test_who_may_not_let_it_go_is_told_who_may_and_sees_no_button(store: Engine) -> None:
    await ask(store)
    await ask(store, "My card is 4111111111111111")
    swearing = next(one.id for one, _ in newest(store, 10) if one.verdict is Verdict.HOLD)
    async with browsing(store, "bo", Clock(), HOUSE) as browser:
        shown = await page(browser, "/posts")
        assert "Ada Lovelace or Cy" in shown
        assert "Let it go" not in shown
        assert await send(browser, f"/posts/{swearing}/let-go", reason="x") == (303, "/posts?said=not_allowed")
        assert (await send(browser, "/posts/stopped-no/let-go", reason="x"))[0] == 404
    async with browsing(store, "ada", Clock(), HOUSE) as browser:
        shown = await page(browser, "/posts")
        assert "It is rejected, so it has to be changed" in shown
        assert shown.count("Let it go</button>") == 1


async def test_a_topic_is_approved_by_those_who_may(store: Engine) -> None:
    await ask(store, "Our tea cures colds")
    (id,) = await waiting(store)
    async with browsing(store, "ada", Clock(), HOUSE) as browser:
        assert "executives may approve health" in await page(browser, "/posts")
        no = await send(browser, f"/posts/{id}/approve", topic="health", reason="so")
        assert no == (303, "/posts?said=not_allowed")
    async with browsing(store, "bo", Clock(), HOUSE) as browser:
        assert "Approve health" in await page(browser, "/posts")
        yes = await send(browser, f"/posts/{id}/approve", topic="health", reason="study 12")
        assert yes == (303, "/posts?said=done")
    assert (await ask(store, "Our tea cures colds")).decision is Verdict.ALLOW


def test_the_command_shows_lets_go_and_approves(tmp_path: Path, migrated_sqlite: Path) -> None:
    (tmp_path / "store.db").write_bytes(migrated_sqlite.read_bytes())
    store = open_store(StoreSettings(url=f"sqlite:///{tmp_path / 'store.db'}"))
    house = {
        "store": {"url": f"sqlite:///{tmp_path / 'store.db'}"},
        "people": {"ada": {"name": "Ada"}, "bo": {"name": "Bo"}},
        "roles": {"executives": ["bo"]},
        "brands": {
            "acme": {
                "policy": {
                    "editors": ["ada"],
                    "topics": {"health": {"words": ["cures*"], "approvers": ["executives"]}},
                }
            }
        },
    }
    (tmp_path / "firebreak.yaml").write_text(yaml.safe_dump(house), encoding="utf-8")

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(tmp_path), "editor", *words])

    assert run("list").output == "Nothing waits for an editor.\n"
    asyncio.run(ask(store, "It damn well cures colds"))
    (shown,) = json.loads(run("list", "--json").output)
    assert (shown["text"], shown["reasons"]) == ("It damn well cures colds", ["obscenity", "topic_not_approved"])
    assert "obscenity: It holds swearing" in run("list").output
    no = run("let-go", shown["id"], "--by", "bo", "--reason", "fine")
    assert (no.exit_code, "It takes somebody else" in no.stderr) == (1, True)
    assert run("let-go", shown["id"], "--by", "ada").exit_code == 2
    assert run("let-go", shown["id"], "--by", "ada", "--reason", "a song").exit_code == 0
    approved = run("approve", shown["id"], "--topic", "health", "--by", "bo", "--reason", "study 12")
    assert (approved.exit_code, "under your name" in approved.output) == (0, True)
    assert asyncio.run(ask(store, "It damn well cures colds")).decision is Verdict.ALLOW
    store.dispose()

"""Posts that an older version held: they are known again by their texts, and an edited one by its old text, too."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import select, text

from playbooks.holds.held_post import hash_of_text
from playbooks.settings import StoreSettings
from playbooks.store import schema
from playbooks.store.engine import migrate, open_store, reading, writing
from tests.parts.require import CHECKOUT

POST = (
    "INSERT INTO held_posts (key, run, brand, platform, account, post, caller, text_ref, text_hash, first_ms, last_ms, "
    "times, word) VALUES ('{0}', '', 'acme', 'x', ' @Acme', '{0}', 'scheduler', '{1}', {2}, 1, 1, 1, {3})"
)
TEXT = "INSERT INTO gate_texts (ref, post, kept_ms, salt, text) VALUES ('{}', '{}', 1, 's', {})"
ROWS = (
    POST.format("dropped", "t1", "'old'", "'drop'"),
    POST.format("edited", "t3", "'old'", "'edit'"),
    POST.format("erased", "t4", "NULL", "NULL"),
    TEXT.format("t1", "dropped", "'\"Buy\\n now \"'"),
    TEXT.format("t2", "edited", "'\"Loud\"'"),
    TEXT.format("t3", "edited", "'\"Calm\"'"),
    TEXT.format("t4", "erased", "NULL"),
)


def test_posts_that_an_older_version_held_are_known_by_their_texts(tmp_path: Path) -> None:
    engine = open_store(StoreSettings(url=f"sqlite:///{tmp_path}/store.db"))
    script = Config()
    script.set_main_option("script_location", str(CHECKOUT / "playbooks" / "store" / "migrations"))
    with writing(engine) as conn:
        script.attributes["connection"] = conn
        command.upgrade(script, "0014")
    with writing(engine) as conn:
        for row in ROWS:
            conn.execute(text(row.replace(":", "\\:")))
    migrate(engine)
    posts, texts = schema.held_posts, schema.held_texts
    with reading(engine) as conn:
        found = {tuple(row) for row in conn.execute(select(texts.c.post, texts.c.text_hash))}
        now = {row.key: (row.account, row.text_hash, row.links_hash) for row in conn.execute(select(posts))}
    bought, loud, calm = (hash_of_text(one) for one in ("Buy now", "Loud", "Calm"))
    assert found == {("dropped", bought), ("edited", loud), ("edited", calm)}
    assert now == {
        "dropped": ("acme", bought, None),
        "edited": ("acme", calm, None),
        "erased": ("acme", None, None),
    }
    engine.dispose()

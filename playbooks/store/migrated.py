"""Which migration a store is of, which there are, and how it is brought to one of them.

Alembic is loaded inside the functions: what reads settings alone would load it too, at every start.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST = "head"


def schema_of(conn: Connection) -> str | None:
    """The migration that the tables are of; None where there are none."""
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(conn).get_current_revision()


def newest() -> str:
    """The migration that this version of Firebreak works with."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_script()).get_current_head() or ""


def known() -> frozenset[str]:
    """Every migration that this version knows."""
    from alembic.script import ScriptDirectory

    return frozenset(one.revision for one in ScriptDirectory.from_config(_script()).walk_revisions())


def upgrade(conn: Connection, schema: str = NEWEST) -> None:
    """Bring the tables to a migration, in the caller's transaction."""
    from alembic import command

    script = _script()
    script.attributes["connection"] = conn
    command.upgrade(script, schema)


def _script() -> Config:
    from alembic.config import Config

    script = Config()
    script.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return script

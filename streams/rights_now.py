"""Who may do what a role may, now: also by rotas and calendars, as a command finds them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from streams.settings import Settings


def rights_now(settings: Settings) -> Mapping[str, Sequence[str]]:
    """The people of each role, those of its rotas among them."""
    from playbooks.oncall.keeper import RotaKeeper
    from playbooks.oncall.people import rights
    from playbooks.wall_clock import now_ms
    from streams.rota_shelf import shelf_of

    async def known() -> Mapping[str, Sequence[str]]:
        keeper = RotaKeeper(settings, now_ms, shelf_of(settings))
        await keeper.open()
        await keeper.look()
        return rights(settings, keeper.rotas(), now_ms())

    return asyncio.run(known())

"""What detection has told of late, for the moods under hashtags: signals of life, and those of incidents still open."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Engine, select

from detectors.signal import Signal
from playbooks.policy.moods import moods_of
from playbooks.policy.tragedy import COUNTS_FOR_MS, Mood
from playbooks.store.engine import reading
from playbooks.store.incidents.log import views
from playbooks.store.schema import incidents, signals

#: So many signals and open incidents are read at the most: a crisis has thousands, and the newest say what is so.
_MOST_SIGNALS: Final = 100
_MOST_OPEN: Final = 30
_LIFE: Final = ""


def moods_now(engine: Engine, now_ms: int) -> dict[str, Mood]:
    """The moods by term, as of `now_ms`. What an open incident is about is so for as long as it is open."""
    late = (
        select(signals.c.body)
        .where(signals.c.at_ms > now_ms - COUNTS_FOR_MS, signals.c.at_ms <= now_ms, signals.c.run == _LIFE)
        .order_by(signals.c.at_ms.desc(), signals.c.id)
        .limit(_MOST_SIGNALS)
    )
    open_ones = select(incidents.c.id).where(incidents.c.open, incidents.c.run == _LIFE)
    newest = open_ones.order_by(incidents.c.opened_ms.desc()).limit(_MOST_OPEN)
    with reading(engine) as conn:
        found = [msgspec.convert(body, Signal) for body in conn.execute(late).scalars()]
        still = views(conn, list(conn.execute(newest).scalars()))
    return moods_of([*((one, one.at_ms) for one in found), *((view.signal, now_ms) for view in still.values())])

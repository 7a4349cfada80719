"""How many incidents are open, counted in the store for the graphs."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Engine, func, select

from detectors.run import run_of
from playbooks.labels import RunKind, run_kind
from playbooks.store.engine import reading
from playbooks.store.schema import incidents


def count_open(engine: Engine) -> Counter[tuple[RunKind, str]]:
    """Open incidents by kind of run and by brand; raises `StoreUnreachable`.

    Whoever opened or resolved them: a counter kept beside would drift from what people do on the console.
    """
    number = func.count().label("number")
    query = select(incidents.c.run, incidents.c.brand, number).where(incidents.c.open)
    counts: Counter[tuple[RunKind, str]] = Counter()
    with reading(engine) as conn:
        for run, brand, found in conn.execute(query.group_by(incidents.c.run, incidents.c.brand)):
            counts[run_kind(run_of(run)), brand] += found
    return counts

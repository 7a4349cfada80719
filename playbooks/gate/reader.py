"""Reading each post for the policy before the store is asked, and what is said where that does not succeed.

A short text is read at once, a long one in a thread beside, one after another and against the clock: whoever sends long
texts makes nobody else wait. A post that was not read in time, or over which the policy broke, is held; it is never
allowed because nothing was found in it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from playbooks import telemetry
from playbooks.gate.decision import GateRequest
from playbooks.gate.objection import Objection, Reason
from playbooks.labels import GateReason, Verdict
from playbooks.policy.check import Checked, Surroundings, check
from playbooks.policy.tone import ToneModel
from playbooks.policy.tragedy import Mood
from playbooks.settings.brands import PolicySettings
from playbooks.wall_clock import Clock

log = logging.getLogger(__name__)

#: Characters of text and links that are read at once: a millisecond, and seven for what is made to take long.
AT_ONCE: Final = 600
#: For so long a longer post is waited for. The longest takes a third of a second where nothing else is to do, and
#: who asks gives up after two.
READ_S: Final = 1.0

Check = Callable[[GateRequest], Checked]
NOTHING_FOUND: Final = Checked(Verdict.ALLOW, ())


class Read(NamedTuple):
    """What was found in a post, and what is against it because it could not be read."""

    checked: Checked
    unread: tuple[Objection, ...] = ()


class Reader:
    """Reads posts by the rules of their brands. `moods` is set by whoever learns of them."""

    def __init__(self, brands: Mapping[str, PolicySettings], clock: Clock, check: Check | None = None) -> None:
        self.moods: Mapping[str, Mood] = {}
        self._brands = brands
        self._clock = clock
        self._check = check or self._checked
        self._models = {name: ToneModel(languages=rules.languages) for name, rules in brands.items()}
        self._unknown = ToneModel()
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="policy")

    async def read(self, request: GateRequest) -> Read:
        """What is to be said of the post; raises nothing but that the caller gave up."""
        began = time.perf_counter()
        try:
            return Read(await self._in_time(request))
        except TimeoutError:
            log.warning("a post of %s was not read for the policy within %g s, so it is held", request.brand, READ_S)
            return _unread(GateReason.POLICY_TOO_SLOW, f"It was not read within {READ_S:g} seconds: try again.")
        except Exception as fault:
            # The rim: whatever is wrong with the policy, the post is held and the next one is read.
            log.exception("a fault of the policy's own over a post of %s, so it is held", request.brand)
            return _unread(
                GateReason.POLICY_FAULT, f"It could not be read: {type(fault).__name__}. Tell who runs this."
            )
        finally:
            telemetry.POLICY_TIME.observe(time.perf_counter() - began)

    def close(self) -> None:
        """End the thread beside; what still waits in it is not read."""
        self._beside.shutdown(wait=False, cancel_futures=True)

    async def _in_time(self, request: GateRequest) -> Checked:
        if len(request.post.text) + sum(map(len, request.post.links)) <= AT_ONCE:
            return self._check(request)
        async with asyncio.timeout(READ_S):
            return await asyncio.get_running_loop().run_in_executor(self._beside, self._check, request)

    def _checked(self, request: GateRequest) -> Checked:
        return check(
            request.post.text,
            request.platform,
            self._models.get(request.brand, self._unknown),
            self._clock(),
            links=request.post.links,
            rules=self._brands.get(request.brand, PolicySettings()),
            around=Surroundings(self.moods),
        )


def _unread(code: GateReason, text: str) -> Read:
    return Read(NOTHING_FOUND, (Objection(Reason(code, text), Verdict.HOLD),))

"""A post that the gate must refuse while a hold covers its account: asked for in each pass, never sent anywhere."""

from __future__ import annotations

from aiohttp import ClientSession

from playbooks.gate.answer import Outcome
from playbooks.gate.client import GateClient
from playbooks.gate.decision import CHECK_TEXT, GateRequest, OutgoingPost
from playbooks.schedulers.decisions import Canary
from playbooks.secret import Secret
from playbooks.settings.gate import GateSettings
from playbooks.settings.schedulers import SchedulerSettings
from playbooks.settings.section import MissingSecret

#: Who asks, as the audit has it.
SCHEDULER = "firebreak-check"


class GateCanary:
    """Asks the gate of the settings. Where its token is not there for this process, or it has no port, nothing is."""

    def __init__(self, gate: GateSettings) -> None:
        self._url = f"http://{gate.host}:{gate.port}"
        self._token = _token(gate)

    async def ask(self, settings: SchedulerSettings) -> Canary:
        """What the gate says to the account's post that it must refuse."""
        if self._token is None:
            return Canary.NOT_ASKED
        platform = settings.platform or settings.kind.value
        request = GateRequest(
            brand=settings.brand,
            platform=platform,
            account=settings.account,
            scheduler=SCHEDULER,
            automated=True,
            post=OutgoingPost(id=f"{SCHEDULER}-{settings.brand}-{platform}", text=CHECK_TEXT),
        )
        async with ClientSession() as session:
            answer = await GateClient(session, self._url, self._token).ask(request)
        match answer.outcome:
            case Outcome.ALLOWED:
                return Canary.ALLOWED
            case Outcome.HELD | Outcome.REJECTED:
                return Canary.REFUSED
            case _:
                return Canary.NO_ANSWER


def _token(gate: GateSettings) -> Secret | None:
    if gate.port == 0:
        return None
    try:
        return gate.token.read("gate.token")
    except MissingSecret:
        return None

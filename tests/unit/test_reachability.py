"""Whether pages would reach anybody, told from the settings before one is due."""

from __future__ import annotations

import pytest

from playbooks.armings.arming import Arming
from playbooks.content.catalog import load_library
from playbooks.oncall.rotas import NO_ROTAS, Known, Rotas, Turns
from playbooks.oncall.stretch import Stretch
from playbooks.readiness.reachability import pages_to_nobody
from playbooks.settings import PlaybookSettings
from playbooks.settings.brands import BrandSettings
from playbooks.settings.channels import ChannelSettings, EmailSettings
from playbooks.settings.people import OfRota, Person, RoleSettings

LIBRARY = load_library()
ADA = {"ada": Person(name="Ada", email="ada@example.org")}
MAIL = ChannelSettings(email=EmailSettings())
BRANDS = {"acme": BrandSettings()}
ARMED = {"acme": Arming.PAGE_AND_HOLD}
ALL: dict[str, tuple[str, ...]] = {"on-call": ("ada",), "executives": ("ada",), "ops": ("ada",)}


def test_all_is_well_where_somebody_in_each_paged_role_has_a_contact_point() -> None:
    assert pages_to_nobody(PlaybookSettings(people=ADA, roles=ALL, channels=MAIL, brands=BRANDS), LIBRARY, ARMED) == []


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (PlaybookSettings(people=ADA, roles=ALL, brands=BRANDS), "no channel to people is set up"),
        (PlaybookSettings(people=ADA, channels=MAIL, brands=BRANDS), "there is no role 'on-call' in the settings"),
        (
            PlaybookSettings(people=ADA, roles={**ALL, "on-call": ()}, channels=MAIL, brands=BRANDS),
            "nobody is in the role 'on-call'",
        ),
        (
            PlaybookSettings(people={"ada": Person(name="Ada")}, roles=ALL, channels=MAIL, brands=BRANDS),
            "'ada' has no contact point on a channel that is set up",
        ),
    ],
)
def test_a_page_that_nobody_would_get_is_told_with_brand_role_and_ground(settings: PlaybookSettings, why: str) -> None:
    said = pages_to_nobody(settings, LIBRARY, ARMED)
    assert any(f"brand 'acme' to the role 'on-call' reaches nobody: {why}" in each for each in said), said


def test_a_brand_that_is_only_observed_pages_nobody_on_purpose() -> None:
    assert pages_to_nobody(PlaybookSettings(brands=BRANDS), LIBRARY, {"acme": Arming.OBSERVE}) == []


def test_a_gap_in_a_rota_is_told_by_who_has_read_it_and_by_nobody_else() -> None:
    roles: dict[str, RoleSettings] = {**ALL, "on-call": OfRota(rota="comms")}
    settings = PlaybookSettings(people=ADA, roles=roles, channels=MAIL, brands=BRANDS)
    rotas = Rotas({"comms": Known(Turns((Stretch(0, 9, ("ada",)),)))})
    assert pages_to_nobody(settings, LIBRARY, ARMED) == []
    assert pages_to_nobody(settings, LIBRARY, ARMED, rotas, 8) == []
    in_the_gap = pages_to_nobody(settings, LIBRARY, ARMED, rotas, 9)
    assert in_the_gap
    assert all("nobody is on call in the role 'on-call' now" in said for said in in_the_gap)
    assert "cannot be read" in pages_to_nobody(settings, LIBRARY, ARMED, NO_ROTAS, 8)[0]

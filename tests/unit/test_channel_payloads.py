"""What each service is sent: within its bounds, with nothing of a stranger's but text."""

from __future__ import annotations

import json
import re
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.run import Drill
from playbooks.delivery.roads import by_roads
from playbooks.effects import alertmanager, apprise, mail, pagerduty, slack, twilio
from playbooks.effects.http_post import Answer
from playbooks.effects.message import Links, Notice, Stage, links_of
from playbooks.effects.outcome import Delivered, Failed, FailedReason, Retry, RetryReason
from playbooks.effects.plain_text import one_line, paragraph, unlinked
from playbooks.labels import ActionKind, Channel
from playbooks.oncall.people import Contact
from playbooks.secret import Secret
from tests.parts.messages import LINKS, NOTICE, message
from tests.parts.pagerduty import LIMITS, SEVERITIES
from tests.parts.slack import LINK, calls, links

HOSTILE = st.text(st.characters(codec=None), max_size=400) | st.sampled_from(
    ["@channel", "<!channel>", "https://evil.example/x", "evil.example", "a" * 9_000, "<!--", "]]>", "&amp;", "\x00"]
)
KEY = Secret("k" * 32)


def notice(**changes: object) -> Notice:
    return Notice(**({"subject": "s", "text": "t", "incident": "inc-1"} | changes))  # type: ignore[arg-type]


@given(subject=HOSTILE, text=HOSTILE, brand=HOSTILE)
def test_a_slack_message_keeps_its_bounds_and_calls_its_person_alone(subject: str, text: str, brand: str) -> None:
    sent = message("U024BE7LH", notice=notice(subject=subject, text=text, brand=brand, playbook=brand))
    made = json.loads(json.dumps(slack.payload(sent, button=True)))
    assert calls(made) == {"@U024BE7LH"}
    assert not [found for found in links(made) if "evil" in found]
    assert all(0 < len(block["text"]["text"].strip()) <= 3_000 for block in made["blocks"] if "text" in block)
    assert made["unfurl_links"] is made["unfurl_media"] is False


def test_only_a_page_that_is_open_asks_to_be_acknowledged_and_only_where_we_would_hear_of_it() -> None:
    def asks(stage: Stage, action: ActionKind, *, button: bool) -> bool:
        sent = message("U024BE7LH", notice=notice(stage=stage), action=action)
        return slack.ACKNOWLEDGE in json.dumps(slack.payload(sent, button=button))

    assert asks(Stage.OPEN, ActionKind.PAGE, button=True)
    assert not asks(Stage.OPEN, ActionKind.PAGE, button=False)
    assert not asks(Stage.OPEN, ActionKind.NOTIFY, button=True)
    assert not asks(Stage.RESOLVED, ActionKind.PAGE, button=True)


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (403, b"action_prohibited", FailedReason.REFUSED),
        (403, b"invalid_token", FailedReason.BAD_CREDENTIALS),
        (404, b"no_service", FailedReason.BAD_CREDENTIALS),
        (404, b"channel_not_found", FailedReason.REFUSED),
        (410, b"channel_is_archived", FailedReason.REFUSED),
        (400, b"invalid_blocks", FailedReason.REFUSED),
        (200, b"<html>", FailedReason.NOT_UNDERSTOOD),
        (500, b"rollup_error", RetryReason.SERVER_FAULT),
        (429, b"rate_limited", RetryReason.BUSY),
    ],
)
def test_slacks_words_have_their_meaning(status: int, said: bytes, reason: FailedReason | RetryReason) -> None:
    outcome = slack.outcome_of(Answer(status, None, said), 0)
    assert isinstance(outcome, Retry | Failed)
    assert outcome.reason is reason


def test_a_word_that_slack_does_not_have_is_not_repeated() -> None:
    outcome = slack.outcome_of(Answer(400, None, b"your token is hunter2"), 0)
    assert "hunter2" not in repr(outcome)


@given(subject=HOSTILE, text=HOSTILE, platform=HOSTILE)
def test_an_event_for_pagerduty_keeps_its_bounds(subject: str, text: str, platform: str) -> None:
    sent = message("comms", notice=notice(subject=subject, text=text, platform=platform, runbook=text * 50))
    (event,) = json.loads(json.dumps(pagerduty.events(sent, KEY)))
    assert len(event["payload"]["summary"]) <= LIMITS["summary"]
    assert len(event["dedup_key"]) <= LIMITS["dedup_key"]
    assert event["payload"]["summary"].strip()
    assert event["payload"]["source"].strip()
    assert event["payload"]["severity"] in SEVERITIES
    assert len(json.dumps(event, ensure_ascii=False).encode()) < 512_000
    assert not [found for found in LINK.findall(event["payload"]["summary"]) if "evil" in found]


def test_each_page_rings_and_each_alert_of_it_is_closed_by_its_own_key() -> None:
    def keys(stage: Stage, earlier: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        sent = message("comms", notice=notice(stage=stage), earlier=earlier)
        return [(str(event["event_action"]), str(event["dedup_key"])) for event in pagerduty.events(sent, KEY)]

    assert keys(Stage.OPEN) == [("trigger", pagerduty.dedup_key("inc-1", "act-1", "comms"))]
    closing = [pagerduty.dedup_key("inc-1", action, "comms") for action in ("act-1", "act-2")]
    assert keys(Stage.ACKNOWLEDGED, ("act-1", "act-2")) == [("acknowledge", key) for key in closing]
    assert keys(Stage.RESOLVED, ("act-1", "act-2")) == [("resolve", key) for key in closing]
    assert keys(Stage.RESOLVED) == []


@pytest.mark.parametrize("severity", range(7))
def test_a_notice_never_rings_as_loud_as_a_page(severity: int) -> None:
    def word(action: ActionKind) -> object:
        (event,) = pagerduty.events(message("comms", notice=notice(severity=severity), action=action), KEY)
        payload = event["payload"]
        assert isinstance(payload, dict)
        return payload["severity"]

    assert word(ActionKind.NOTIFY) == "info"
    assert word(ActionKind.PAGE) in SEVERITIES


def test_a_key_that_pagerduty_does_not_know_is_a_wrong_credential() -> None:
    body = b'{"status":"invalid event","errors":["\'routing_key\' is invalid"]}'
    outcome = pagerduty.outcome_of(Answer(400, None, body), 0)
    assert isinstance(outcome, Failed)
    assert outcome.reason is FailedReason.BAD_CREDENTIALS


@given(subject=HOSTILE)
def test_a_text_is_short_and_its_only_link_is_ours(subject: str) -> None:
    acting = Links(LINKS.incident, LINKS.runbook, "https://fire.example.org/act/AAA", "https://fire.example.org/act/E")
    said = twilio.text(message("+15005550006", notice=notice(subject=subject), links=acting))
    assert len(said) <= 480
    assert [found for found in LINK.findall(said) if "fire" not in found] == []
    assert said.count("\n") == 1


def written(links: Links | None) -> list[str]:
    """What a message that is about no incident says by each road that writes, where it has these links."""
    sent = message("+15005550006", notice=notice(incident="", page="brands"), links=links)
    made = (slack.payload(sent, button=True), pagerduty.events(sent, KEY), alertmanager.alert(sent, 1).annotations)
    return [mail.body(sent), apprise.body(sent), twilio.text(sent), *(json.dumps(each) for each in made)]


def test_a_message_about_no_incident_leads_to_its_page_of_the_console_and_not_to_an_incident() -> None:
    links = links_of("https://fire.example.org", notice(incident="", page="brands"))
    for said in written(links):
        assert "https://fire.example.org/brands" in said
        assert "no public address" not in said
        assert "Incident" not in said
    assert all("no public address" in said for said in written(None))


def test_a_test_message_asks_to_confirm_that_it_came_and_not_to_have_anything() -> None:
    links = Links("https://fire.example.org/readiness", "", confirm="https://fire.example.org/confirm/AAA")
    for said in written(links)[:3]:
        assert re.search(
            r"[Pp]ress (here )?to confirm that it reached you[^:]*: https://fire.example.org/confirm/AAA", said
        )
        assert "test" in said
        assert "have it" not in said


@given(subject=HOSTILE)
def test_what_a_call_says_is_said_and_does_nothing(subject: str) -> None:
    url = "https://fire.example.org/in/twilio/digit?of=act-1&to=ada&by=voice"
    twiml = twilio.spoken(message("+15005550006", notice=notice(subject=subject)), url)
    root = ElementTree.fromstring(twiml)
    assert [element.tag for element in root.iter()] == ["Response", "Gather", "Say", "Say"]
    assert root[0].attrib["action"] == url
    assert len(twiml) <= 4_000


def test_a_call_without_a_public_address_asks_for_no_digit() -> None:
    twiml = twilio.spoken(message("+15005550006"), None)
    assert "Gather" not in twiml
    assert "Sign in to the console" in twiml


def test_a_call_for_a_drill_says_so_first() -> None:
    assert '<Say loop="2">Drill. This is a drill.' in twilio.spoken(message("+15005550006", run=Drill("drill-7")), None)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 21211, FailedReason.BAD_ADDRESS),
        (400, 21610, FailedReason.REFUSED),
        (400, 21606, FailedReason.BAD_CREDENTIALS),
        (401, 20003, FailedReason.BAD_CREDENTIALS),
        (404, 20404, FailedReason.BAD_CREDENTIALS),
        (400, 21611, RetryReason.BUSY),
        (429, 20429, RetryReason.BUSY),
        (503, 20500, RetryReason.SERVER_FAULT),
    ],
)
def test_twilios_codes_have_their_meaning(status: int, code: int, reason: FailedReason | RetryReason) -> None:
    outcome = twilio.outcome_of(Answer(status, None, json.dumps({"code": code}).encode()), 0)
    assert isinstance(outcome, Retry | Failed)
    assert outcome.reason is reason
    assert str(code) in outcome.answer


@pytest.mark.parametrize("code", ['"hunter2"', "true", "-1", "1e99", "99999999999", "null"])
def test_what_is_no_code_of_twilios_is_not_repeated(code: str) -> None:
    outcome = twilio.outcome_of(Answer(400, None, f'{{"code": {code}}}'.encode()), 0)
    assert "error" not in repr(outcome)


def test_the_labels_of_an_alert_are_the_same_in_every_try_and_the_times_are_in_order() -> None:
    first, second = (alertmanager.alert(message("ada", sending_ms=moment), 24.0) for moment in (0, 60_000))
    assert first.labels == second.labels
    assert first.starts_at < first.ends_at
    assert all(first.labels.values())


def test_a_query_for_alerts_quotes_what_it_asks_for() -> None:
    query = alertmanager.open_ones(message('a"b\\', notice=notice(incident='x",y="')))
    assert query.count("filter=") == 3
    assert "%5C%22" in query


def test_apprise_says_where_to_look_with_our_links_whole() -> None:
    said = apprise.body(message("chat", notice=notice(text="see https://evil.example/x")))
    assert LINKS.incident in said
    assert LINKS.runbook in said
    assert [found for found in LINK.findall(said) if "evil" in found] == []


@given(HOSTILE)
def test_nothing_in_plain_text_calls_anybody_or_is_a_link(text: str) -> None:
    made = unlinked(paragraph(text))
    assert re.search(r"@|://|<[!#@A-Za-z/]", made) is None
    assert unlinked(made) == made
    assert len(one_line(made, 50)) <= 50


def test_what_no_reader_sees_as_text_is_left_out_of_it_and_nothing_else() -> None:
    lines = set("\n\v\f\r\x85\u2028\u2029")
    reordering = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    for character in map(chr, range(0x110000)):
        kind = unicodedata.category(character)
        hidden = character in reordering or (kind == "Cc" and character != "\t")
        wanted = "\n" if character in lines else "\ufffd" if kind == "Cs" else "" if hidden else character
        assert paragraph(character) == wanted, hex(ord(character))


CHANNELS = [channel for channel in Channel if channel not in (Channel.GRAFANA, Channel.NONE)]


def points(*channels: Channel, person: str = "ada") -> list[Contact]:
    return [Contact(person, person.title(), channel, "") for channel in channels]


def roads(contacts: list[Contact], action: ActionKind, stage: Stage) -> list[Channel]:
    return [contact.channel for contact in by_roads(contacts, action, stage)]


def test_a_page_takes_every_road() -> None:
    assert roads(points(*CHANNELS), ActionKind.PAGE, Stage.OPEN) == CHANNELS


def test_a_notice_rings_nobody_who_can_be_told_otherwise() -> None:
    assert roads(points(Channel.VOICE, Channel.PAGERDUTY, Channel.SMS), ActionKind.NOTIFY, Stage.OPEN) == [Channel.SMS]
    assert roads(points(Channel.VOICE), ActionKind.NOTIFY, Stage.OPEN) == [Channel.VOICE]
    both = points(Channel.VOICE) + points(Channel.EMAIL, person="bob")
    assert roads(both, ActionKind.NOTIFY, Stage.OPEN) == [Channel.VOICE, Channel.EMAIL]


def test_an_acknowledgement_stops_pagers_and_an_end_is_told_without_a_call() -> None:
    every = points(*CHANNELS)
    assert roads(every, ActionKind.NOTIFY, Stage.ACKNOWLEDGED) == [Channel.PAGERDUTY, Channel.ALERTMANAGER]
    assert set(roads(every, ActionKind.NOTIFY, Stage.RESOLVED)) == set(CHANNELS) - {Channel.VOICE}


def test_what_is_known_is_no_more_than_accepted() -> None:
    for outcome in (
        slack.outcome_of(Answer(200, None, b"ok"), 0),
        pagerduty.outcome_of(Answer(202, None, b"{}"), 0),
        twilio.outcome_of(Answer(201, None, b'{"sid": "SM1"}'), 0),
        alertmanager.outcome_of(Answer(200, None, b""), 0),
    ):
        assert isinstance(outcome, Delivered)
        assert outcome.known.value == "accepted"
    assert NOTICE.stage is Stage.OPEN


def test_the_signs_that_mean_something_to_slack_are_written_out_where_it_reads_them() -> None:
    made = slack.payload(message("U024BE7LH", notice=notice(subject="R&D 1 < 2 &lt;!here&gt;")), button=False)
    assert made["text"] == "<@U024BE7LH> R&amp;D 1 &lt; 2 &amp;lt;!here&amp;gt;"


def test_each_action_incident_and_service_has_a_key_of_its_own_and_names_its_incident() -> None:
    keys = {
        pagerduty.dedup_key(incident, action, service)
        for incident in ("inc-1", "inc-2")
        for action in ("act-1", "act-2")
        for service in ("comms", "ops")
    }
    assert len(keys) == 8
    assert {pagerduty.incident_of(key) for key in keys} == {"inc-1", "inc-2"}

"""What each setting means, for docs/settings.md. A test compares the keys with the settings' types."""

from __future__ import annotations

from typing import Final

#: The sections in the order of the page, and what each is about.
SECTIONS: Final[dict[str, str]] = {
    "kafka": "The brokers, and the shape that topics are made with. A topic that is there with another shape stops the "
    "start, with both numbers. Partitions cannot be changed once there are topics.",
    "brands.<name>": "The brands, by a short name that mentions carry in `brand`. What is said about a brand that is "
    "not here goes to the dead letters. No brand may be called `firebreak`.",
    "brands.<name>.policy": "What outgoing posts are read for beside what no brand says ([policy.md](policy.md)).",
    "people.<name>": "Who may be reached, by a short name of theirs.",
    "people.<name>.quiet": "When no notice shall wake a person. A page does all the same ([oncall.md](oncall.md)).",
    "roles": "Who plays the parts that playbooks speak of: `on-call`, `executives`, `posting-team`, and `ops`, who are "
    "told of Firebreak's own troubles. Everybody in a role is told.",
    "rotas.<name>": "Who is on call when ([oncall.md](oncall.md)): each has either `file` or `ical`.",
    "rotas.<name>.ical": "A calendar whose events are turns: each has either `url` or `file`.",
    "channels.email": "The mail server that pages and notices go out through. Without this section no mail is sent.",
    "channels.twilio": "Texts and calls by Twilio ([channels.md](channels.md)). Without this section none are made.",
    "channels.slack": "Messages in one channel of a Slack workspace. Without this section none are posted.",
    "channels.pagerduty": "Events for PagerDuty. Without this section none are sent.",
    "channels.alertmanager": "Alerts for a Prometheus Alertmanager. Without this section none are made.",
    "channels.apprise": "Every other road, by [Apprise](https://appriseit.com/services/).",
    "channels.links": "Links in messages by which people act without signing in. Without this section, or without "
    "`console.public_url`, messages carry none.",
    "channels.webhook": "Signed POSTs to a person's `webhook` ([channels.md](channels.md)). Without this section none "
    "are made.",
    "store": "The database that holds incidents, holds, and what is due.",
    "gate": "What schedulers ask before they post ([gate.md](gate.md)).",
    "gate.callers.<name>": "Others who ask, each with a token of their own: the audit has the name.",
    "gate.break_glass": "Letting one held post go, once.",
    "schedulers.<name>": "Accounts in schedulers, in which what is scheduled is stopped while a hold covers them "
    "([schedulers.md](schedulers.md)).",
    "console": "The pages for people.",
    "runner": "How what is due is carried out.",
    "grafana": "Where annotations for signals, pages, holds and releases go. Without this section none are made.",
    "heartbeat": "A service outside that pages when it hears nothing ([readiness.md](readiness.md)). Without this "
    "section none is told.",
    "readiness": "What `firebreak check` goes by ([readiness.md](readiness.md)).",
    "sources": "What brings mentions ([sources.md](sources.md)).",
    "sources.bluesky": "The public Jetstream.",
    "sources.webhook": "Mentions by signed POST.",
    "sources.other.<name>": "Other producers, by the name that their mentions carry in `source`. One that is not here "
    "may be a minute late.",
    "triage": "How mentions become cells.",
    "watch": "How cells become signals.",
    "respond": "How signals become incidents.",
    "trainer": "How the text model learns.",
    "": "",
}

_LATE: Final = (
    "How much later than it was written a post may come: a few seconds for a stream, the interval for a poll. So much "
    "later a silence is seen; what is later than that is counted all the same."
)
_METRICS: Final = "Where this process shows its metrics and health."

MEANING: Final[dict[str, str]] = {
    "kafka.servers": "Brokers to begin with, `host:port`, several with commas.",
    "kafka.mentions_partitions": "Partitions of `mentions`, and so triage workers at the most.",
    "kafka.brands_partitions": "Partitions of `buckets` and `signals`, and so watch and respond workers at the most.",
    "kafka.replication": "How many brokers keep each record. With 3 or more, two must have it before it counts.",
    "kafka.mentions_retention_h": "How long mentions, and samples for the text model, are kept.",
    "kafka.dead_retention_h": "How long dead letters are kept.",
    "kafka.buckets_retention_h": "How long cells are kept. A watch worker that was away for longer has missed some.",
    "kafka.signals_retention_h": "How long signals are kept.",
    "brands.<name>.name": "What people call the brand. Without it, its short name.",
    "brands.<name>.terms": "What sources look for in posts ([sources.md](sources.md)).",
    "brands.<name>.own_accounts": "The brand's own accounts: their posts are no voices.",
    "brands.<name>.when_detection_is_dead": "What the gate says to automated posts then: `hold` or `allow`.",
    "brands.<name>.policy.languages": "The languages of the brand's posts. English is always read for.",
    "brands.<name>.policy.domains": "The brand's own domains. A link that only looks like one of them is held.",
    "brands.<name>.policy.contacts": "Addresses and telephone numbers that the brand gives out: nobody's own data.",
    "brands.<name>.policy.words.<name>": "A word or phrase that the brand does not use, and why; with `*` at its end "
    "all words that begin so.",
    "brands.<name>.policy.topics.<name>.words": "Words by which a topic, or a claim, is known.",
    "brands.<name>.policy.topics.<name>.approvers": "People and roles one of whom approves a post about it.",
    "brands.<name>.policy.limits.<name>.chars": "By platform: the most characters, where the platform takes more or "
    "fewer of this brand than of others.",
    "brands.<name>.policy.limits.<name>.tags": "By platform: the most hashtags.",
    "brands.<name>.policy.editors": "People and roles who may let a post go that was held.",
    "brands.<name>.policy.override_rejected": "Whether they may let go what was rejected, too; a secret never.",
    "brands.<name>.planned": "The calendar: what is planned and will be talked about, each with `name`, `from` and "
    "`to` (RFC 3339 with an offset), `factor` (how many times the usual it brings, at least 1) and, where not all, "
    "`platforms`. It raises what is expected and mutes nothing.",
    "schedulers.<name>.kind": "Which scheduler it is.",
    "schedulers.<name>.brand": "Whose account it is: holds of this brand cover it.",
    "schedulers.<name>.platform": "Where its posts appear. Without it, a hold of any platform covers it.",
    "schedulers.<name>.account": "The account, as holds name it. Without it, a hold of any account covers it.",
    "schedulers.<name>.url": "Where the scheduler is, if it is not its maker's own address.",
    "schedulers.<name>.token": "What signs in there; for `webhook`, what signs.",
    "schedulers.<name>.user": "The user whose application password `token` is (WordPress), or the app's client id "
    "whose client secret `token` is (Hootsuite).",
    "schedulers.<name>.organization": "The organization's id (Buffer).",
    "schedulers.<name>.channel": "The account's id there: channel (Buffer), integration (Postiz), social profile "
    "(Hootsuite), page (Facebook); for WordPress the kind of content, `posts` if it is not said.",
    "schedulers.<name>.member": "The member in whose name is asked (Hootsuite).",
    "schedulers.<name>.check_s": "How often the account is read back while it is held. Without it, as often as the "
    "scheduler's limits allow.",
    "schedulers.<name>.ahead_h": "Posts that are due later than so far ahead are stopped when they come nearer.",
    "schedulers.<name>.timeout_s": "How long one question may take.",
    "people.<name>.name": "What the person is called.",
    "people.<name>.email": "Where mail reaches them.",
    "people.<name>.sms": "A telephone number for texts, with its country: `+4930123456`.",
    "people.<name>.voice": "A telephone number for calls. Notices make no calls where another road is there.",
    "people.<name>.slack": "Their member id in Slack (profile, `Copy member ID`), such as `U024BE7LH`.",
    "people.<name>.pagerduty": "One of `channels.pagerduty.services`, which pages for them.",
    "people.<name>.pagerduty_user": "Their id in PagerDuty (the end of their profile's address), so that what they "
    "acknowledge there counts as theirs.",
    "people.<name>.alertmanager": "The label `receiver` of their alerts, which Alertmanager's routes go by.",
    "people.<name>.apprise": "One of `channels.apprise.targets`.",
    "people.<name>.webhook": "An address that acts for them, for `channels.webhook`.",
    "people.<name>.drills": "Whether they agreed to be reached by drills.",
    "people.<name>.zone": "Where the person's day is, an IANA name such as `Europe/Paris`.",
    "people.<name>.quiet.from": "When quiet begins where the person is, such as `'22:00'`.",
    "people.<name>.quiet.to": "When it ends, such as `'07:00'`. Where it is not after `from`, it is on the next day.",
    "roles.<name>": "Who plays the part: short names of people, `{rota: NAME}` for whoever is on call there, or both.",
    "rotas.<name>.file": "A rota file, beside `firebreak.yaml` unless its path is absolute. It is read anew when it "
    "changes.",
    "rotas.<name>.ical.url": "The calendar's address: `https`, `http` or `webcal` (read as `https`). `{secret}` in it "
    "is replaced by the secret.",
    "rotas.<name>.ical.file": "The calendar's file, beside `firebreak.yaml` unless its path is absolute.",
    "rotas.<name>.ical.secret": "What the address has for `{secret}`; without that in it, a bearer token, or the "
    "password of `username`. Never sent to another machine unencrypted.",
    "rotas.<name>.ical.username": "The name to log in with.",
    "rotas.<name>.ical.only": "Count only events whose title holds this text.",
    "rotas.<name>.ical.zone": "The zone of events that have none. Without it, the calendar's own, then UTC.",
    "rotas.<name>.ical.day_begins": "When the turn passes for events that are of whole days.",
    "rotas.<name>.ical.poll_s": "How often the calendar is read.",
    "rotas.<name>.ical.timeout_s": "How long its server may take.",
    "rotas.<name>.ical.keep_h": "How long the last copy counts while the calendar cannot be read. After that nobody is "
    "on call by it.",
    "channels.email.host": "The mail server.",
    "channels.email.port": "Its port. On 465 the connection is encrypted from the start.",
    "channels.email.sender": "The address that mail comes from.",
    "channels.email.tls": "Whether the connection must be encrypted and the server's certificate right. Without it, "
    "encryption is taken where it is offered.",
    "channels.email.username": "The name to log in with.",
    "channels.email.password": "The password to log in with. It never goes to another machine unencrypted.",
    "channels.email.timeout_s": "How long the server may take.",
    "channels.twilio.account": "The account's SID, `AC` and 32 characters.",
    "channels.twilio.token": "The account's auth token. Twilio's reports are checked with it too.",
    "channels.twilio.sms_from": "The number that texts come from. Without it none are sent.",
    "channels.twilio.voice_from": "The number that calls come from. Without it none are made.",
    "channels.twilio.url": "Twilio's address: another one for another region.",
    "channels.twilio.timeout_s": "How long Twilio may take.",
    "channels.slack.webhook": "The whole address of the incoming webhook.",
    "channels.slack.signing_secret": "The app's signing secret. With it, and `console.public_url`, messages carry a "
    "button that acknowledges.",
    "channels.slack.timeout_s": "How long Slack may take.",
    "channels.pagerduty.services.<name>": "The integration key (Events API v2) of a service.",
    "channels.pagerduty.webhook_secret": "The secret of a webhook subscription (version 3).",
    "channels.pagerduty.url": "PagerDuty's address: `https://events.eu.pagerduty.com` for accounts in Europe.",
    "channels.pagerduty.timeout_s": "How long PagerDuty may take.",
    "channels.alertmanager.url": "Alertmanager's address, without `/api/v2`.",
    "channels.alertmanager.username": "The name to log in with, where a proxy asks for one.",
    "channels.alertmanager.password": "The password to log in with.",
    "channels.alertmanager.token": "A bearer token, where a proxy asks for one.",
    "channels.alertmanager.firing_h": "How long an alert fires if nobody says that the incident is over.",
    "channels.alertmanager.timeout_s": "How long Alertmanager may take.",
    "channels.apprise.targets.<name>": "One address of Apprise's, such as `tgram://TOKEN/CHAT`.",
    "channels.apprise.timeout_s": "How long the other side may take.",
    "channels.links.secret": "What the links are signed with, at least 16 characters; runner and console need "
    "the same.",
    "channels.links.valid_h": "How long a link works.",
    "channels.webhook.secret": "What requests are signed with.",
    "channels.webhook.timeout_s": "How long the receiver may take.",
    "store.url": "`sqlite:///FILE` (from the folder the process is started in; four slashes for an absolute path) or "
    "`postgresql+psycopg://USER@HOST:PORT/DATABASE`. A password in it is refused.",
    "store.password": "The database's password.",
    "gate.host": "The address to listen on.",
    "gate.port": "The port to listen on, for metrics and health too.",
    "gate.token": "What a scheduler sends as its bearer token, at least 16 characters.",
    "gate.callers.<name>.token": "Their bearer token, at least 16 characters, nobody else's.",
    "gate.callers.<name>.crisis_team": "What people write and send through this caller may go while automated posts "
    "are held: where it says `automated: false` and names the `actor`.",
    "gate.releasers": "How many different people must agree to let go of a hold that was placed by hand.",
    "gate.released_by": "The roles whose people may, and who give the word on posts that no hold of a playbook held.",
    "gate.ask_again_min": "After so long, and again after as long, those who may let go of a hold that was placed by "
    "hand are asked whether it is still needed.",
    "gate.spacing_min": "How far apart the posts of one account go that had been held.",
    "gate.detection_dead_min": "So long after watch was last known to have seen everything, detection counts as dead.",
    "gate.without_text": "What the proxies' question is answered that brings no text of the post: `hold` or `allow`. "
    "What was held before stays held in both.",
    "gate.break_glass.roles": "The roles whose people may. Without it nobody may.",
    "gate.break_glass.valid_min": "How long such a word is good.",
    "gate.audit_key": "A key, at least 16 characters, with which the audit is sealed: then nobody who can write into "
    "the store alone can make a row or a chain's end. `firebreak audit verify` needs the same. That an older store was "
    "put back, or the newest chain taken away, only heads show that were put away elsewhere (`firebreak audit heads`).",
    "gate.audit_days": "How many days decisions are kept in the audit, with the texts that were asked about; 0 is for "
    "ever. What goes leaves a sealed cut, and the rest verifies as before.",
    "console.host": "The address to listen on.",
    "console.port": "The port to listen on, for metrics and health too.",
    "console.public_url": "How people reach the console from their devices: what links in messages begin with. Without "
    "it messages carry no link, and say so.",
    "console.session_h": "How long somebody stays signed in.",
    "runner.poll_s": "How often the store is asked for what is due. Less means sooner pages and more questions.",
    "runner.lease_s": "How long a runner has for an action before another takes it over.",
    "runner.max_attempts": "How often an action is tried before it counts as failed and ops are paged.",
    "runner.first_retry_s": "The wait before the second try; it doubles from there.",
    "runner.longest_retry_s": "The longest wait between two tries.",
    "runner.metrics_port": _METRICS,
    "grafana.url": "Grafana's address.",
    "grafana.token": "The token of a service account that may make annotations (role Editor).",
    "grafana.timeout_s": "How long Grafana may take. It never delays a page.",
    "heartbeat.url": "The ping address, for example of healthchecks.io; whoever has it can say that all is well.",
    "heartbeat.every_s": "How often it is told. Tell the service to wait for twice that and a minute.",
    "heartbeat.timeout_s": "How long the service may take.",
    "readiness.verified_days": "How long a test message that was confirmed counts for its contact point.",
    "readiness.gate_quiet_min": "When nobody has asked the gate for longer than this, it is told.",
    "sources.lease_s": "How long another instance of a source waits after one was killed before it takes over.",
    "sources.bluesky.url": "Jetstream's address. One that ends in `network.bsky.jetstream.subscribeEvents` is read as "
    "version 2.",
    "sources.bluesky.max_cursor_age_h": "A cursor older than this is not asked for any more, and reported as a gap.",
    "sources.bluesky.rewind_s": "How far before the cursor to go on; what comes twice is dropped.",
    "sources.bluesky.gap_s": "A server that goes on later than asked by more than this has left something out.",
    "sources.bluesky.remembered_posts": "For how many posts a deletion is still understood, at about 0.5 kB each.",
    "sources.bluesky.late_s": _LATE,
    "sources.bluesky.metrics_port": _METRICS,
    "sources.webhook.host": "The address to listen on.",
    "sources.webhook.port": "The port to listen on.",
    "sources.webhook.secret": "What requests are signed with.",
    "sources.webhook.replay_window_s": "How far a request's time may be from ours, either way.",
    "sources.webhook.late_s": _LATE,
    "sources.webhook.metrics_port": _METRICS,
    "sources.other.<name>.late_s": _LATE,
    "triage.future_s": "A mention further ahead of its record's Kafka time is a dead letter.",
    "triage.horizon_h": "A mention older than this is a dead letter.",
    "triage.recent_ids": "How many mentions a partition remembers, to drop repeats.",
    "triage.idle_heartbeat_s": "A partition in which nobody spoke for so long is given a heartbeat, so that time "
    "goes on.",
    "triage.checkpoint_s": "How often the place to restart from is written. More means more is read again after a "
    "crash.",
    "triage.dead_share": "Above this share of dead letters in a minute ops are paged, and dead letters are sampled.",
    "triage.dead_share_of_at_least": "Records a minute must have before the share means anything.",
    "triage.runs_at_once": "How many replays and drills may go on at once.",
    "triage.run_idle_s": "A replay or drill that brings nothing for so long is over.",
    "triage.metrics_port": _METRICS,
    "watch.snapshot_s": "How often a brand's state is written; brands take their turns. More means more is read again "
    "after a crash.",
    "watch.forget_brand_h": "A brand nobody spoke of for so long is forgotten.",
    "watch.metrics_port": _METRICS,
    "respond.metrics_port": _METRICS,
    "trainer.publish_s": "How often a new version of the text model is published, if something was learned.",
    "trainer.lead_s": "How far ahead a version's first bucket lies, so that every worker has it in time.",
    "trainer.metrics_port": _METRICS,
    "metrics_host": "The address on which processes without a web server of their own show metrics and health. They "
    "ask for no password.",
    "library": "The folder of your own playbooks, seen from this file ([playbooks.md](playbooks.md)). Without it, "
    "those that Firebreak brings count.",
    "any_brand": "Whether mentions of brands that are not in the settings are taken too; such brands only observe.",
}

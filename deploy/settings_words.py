"""What each setting means, for docs/settings.md. A test compares the keys with the settings' types."""

from __future__ import annotations

from typing import Final

#: The sections in the order of the page, and what each is about.
SECTIONS: Final[dict[str, str]] = {
    "kafka": "The brokers, and the shape that topics are made with. A topic that is there with another shape stops the "
    "start, with both numbers. Partitions cannot be changed once there are topics.",
    "brands.<name>": "The brands, by a short name that mentions carry in `brand`. What is said about a brand that is "
    "not here goes to the dead letters. No brand may be called `firebreak`.",
    "people.<name>": "Who may be reached, by a short name of theirs.",
    "roles": "Who plays the parts that playbooks speak of: `on-call`, `executives`, `posting-team`, and `ops`, who are "
    "told of Firebreak's own troubles. Everybody in a role is told.",
    "channels.email": "The mail server that pages and notices go out through. Without this section no mail is sent.",
    "channels.webhook": "Signed POSTs to a person's `webhook` ([channels.md](channels.md)). Without this section none "
    "are made.",
    "store": "The database that holds incidents, holds, and what is due.",
    "gate": "What schedulers ask before they post.",
    "console": "The pages for people.",
    "runner": "How what is due is carried out.",
    "grafana": "Where annotations for signals, pages, holds and releases go. Without this section none are made.",
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
    "brands.<name>.arming": "How far Firebreak may go: `observe` opens incidents and shows what it would have done; "
    "`page` reaches people; `page-and-hold` also holds posts.",
    "brands.<name>.terms": "What sources look for in posts ([sources.md](sources.md)).",
    "brands.<name>.own_accounts": "The brand's own accounts: their posts are no voices.",
    "brands.<name>.planned": "The calendar: what is planned and will be talked about, each with `name`, `from` and "
    "`to` (RFC 3339 with an offset), `factor` (how many times the usual it brings, at least 1) and, where not all, "
    "`platforms`. It raises what is expected and mutes nothing.",
    "people.<name>.name": "What the person is called.",
    "people.<name>.email": "Where mail reaches them.",
    "people.<name>.webhook": "An address that acts for them, for `channels.webhook`.",
    "people.<name>.drills": "Whether they agreed to be reached by drills.",
    "roles.<name>": "The short names of those who play the part.",
    "channels.email.host": "The mail server.",
    "channels.email.port": "Its port. On 465 the connection is encrypted from the start.",
    "channels.email.sender": "The address that mail comes from.",
    "channels.email.tls": "Whether the connection must be encrypted and the server's certificate right. Without it, "
    "encryption is taken where it is offered.",
    "channels.email.username": "The name to log in with.",
    "channels.email.password": "The password to log in with. It never goes to another machine unencrypted.",
    "channels.email.timeout_s": "How long the server may take.",
    "channels.webhook.secret": "What requests are signed with.",
    "channels.webhook.timeout_s": "How long the receiver may take.",
    "store.url": "`sqlite:///FILE` (from the folder the process is started in; four slashes for an absolute path) or "
    "`postgresql+psycopg://USER@HOST:PORT/DATABASE`. A password in it is refused.",
    "store.password": "The database's password.",
    "gate.host": "The address to listen on.",
    "gate.port": "The port to listen on, for metrics and health too.",
    "gate.token": "What a scheduler sends as its bearer token, at least 16 characters.",
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
    "any_brand": "Whether mentions of brands that are not in the settings are taken too; such brands only observe.",
}

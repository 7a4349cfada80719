"""What is on the dashboard: the rows in the order in which somebody on duty asks, and each panel's meaning."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.grafana.panels import BLUE, GREEN, ORANGE, RED, YELLOW, Look, Panel
from deploy.grafana.queries import number, quantile, zero
from playbooks.labels import Role

RATE = "[$__rate_interval]"
RUN = 'run_kind="$run_kind"'
WHOLE = f'platform="ALL",{RUN}'
SERIES = f'brand="$brand",platform="$platform",{RUN}'


@dataclass(frozen=True, slots=True)
class Row:
    """A question, and the panels that answer it."""

    question: str
    panels: tuple[Panel, ...]


ALIVE = Row(
    "Is it alive?",
    (
        Panel(
            "Processes",
            "How many processes have each role. Red is 0: nobody does that work. Look at the process's own log; "
            "its last line says what it is waiting for or why it ended. A source or the trainer may be left out on "
            "purpose; triage, watch, respond, runner and gate may not.",
            tuple(zero(f'sum(firebreak_build_info{{role="{role}"}})', role.value) for role in Role),
            Look.NUMBER,
            thresholds=((1, GREEN),),
            base=RED,
            width=24,
        ),
        Panel(
            "Waiting for its surroundings",
            "Tries a minute to reach a broker, store, model or upstream that is missing. Anything above 0 that lasts: "
            "nothing is lost, but nothing goes on either. Mend what the legend names; the process goes on by itself.",
            (
                zero(
                    f"sum by (role, cause) (rate(firebreak_surroundings_waits_total{RATE})) * 60", "{{role}}: {{cause}}"
                ),
            ),
            unit="cpm",
            thresholds=((1, RED),),
        ),
        Panel(
            "Event-loop lag",
            "The longest that a process kept its own timers waiting. Above half a second it may be thrown out of its "
            "Kafka group as dead: give it more processor, or fewer records a poll.",
            (zero("max by (instance) (firebreak_event_loop_lag_seconds)", "{{instance}}"),),
            unit="s",
            thresholds=((0.5, YELLOW), (2, RED)),
        ),
        Panel(
            "Memory",
            "Resident memory. It should be flat after the first hour; a triage worker stays below 300 MB. "
            "Where it climbs without end, restart the process (nothing is lost) and keep the graph for a report.",
            (zero("process_resident_memory_bytes and on (instance) firebreak_build_info", "{{instance}}"),),
            unit="bytes",
        ),
    ),
)

KEEPING_UP = Row(
    "Is it keeping up?",
    (
        Panel(
            "Behind the clock",
            "How far the event time of triage and watch is behind now. A few seconds are normal. Where it grows, "
            "detection is late by as much: is the broker slow, are there too few triage workers, is a source polling? "
            "0 also where no live mention has come yet.",
            (
                zero(
                    "max(clamp_min(time() - max by (partition) (firebreak_partition_time_seconds > 0), 0))",
                    "triage, slowest partition",
                ),
                zero('max(clamp_min(time() - (firebreak_watermark_seconds{run_kind="live"} > 0), 0))', "watch"),
            ),
            unit="s",
            thresholds=((30, YELLOW), (120, RED)),
        ),
        Panel(
            "Since the last acknowledgement",
            "Age of the last position a process committed. A worker that reads (right) but does not commit is stuck "
            "and will read all of it again: restart it.",
            (zero("max by (role) (time() - firebreak_last_commit_seconds)", "{{role}}"),),
            unit="s",
            thresholds=((60, YELLOW), (300, RED)),
        ),
        Panel(
            "Records worked on",
            "Kafka records a second, by role. All zero with mentions coming in: see the row above.",
            (zero(f"sum by (role) (rate(firebreak_records_processed_total{RATE}))", "{{role}}"),),
            unit="rps",
        ),
        Panel(
            "Mentions",
            "Mentions a second by what became of them. Many repeats: a source sends the same again and again. "
            "Many dead: see the row on dead letters. Late ones are counted, in the bucket open when they came.",
            (
                zero(f"sum by (outcome) (rate(firebreak_mentions_total{RATE}))", "{{outcome}}"),
                zero(f"sum(rate(firebreak_late_mentions_total{RATE}))", "late (among the accepted)"),
            ),
            unit="cps",
        ),
        Panel(
            "Cells, buckets and snapshots",
            "Cells sent by triage, buckets closed and snapshots written by watch, a second. Cells without buckets: a "
            "partition's marker does not come, so look for a triage worker that is missing.",
            (
                zero(f"sum(rate(firebreak_cells_sent_total{RATE}))", "cells"),
                zero(f"sum(rate(firebreak_buckets_closed_total{RATE}))", "buckets"),
                zero(f"sum(rate(firebreak_snapshots_total{RATE}))", "snapshots"),
            ),
            unit="cps",
        ),
        Panel(
            "Folds held",
            "Folds read and not yet acknowledged. They are let go when their buckets close; where they pile up, "
            "time stands still in some partition.",
            (zero("sum by (role) (firebreak_folds_held)", "{{role}}"),),
        ),
        Panel(
            "Work to close a bucket",
            "Time that the detectors take for one bucket. It is per brand and platform, so ten thousand of them in "
            "ten seconds leave a millisecond each.",
            (
                quantile(0.5, "firebreak_bucket_close_seconds", "half are below"),
                quantile(0.99, "firebreak_bucket_close_seconds", "99 % are below"),
            ),
            unit="s",
            thresholds=((0.005, YELLOW),),
            width=12,
        ),
        Panel(
            "Text model",
            "The newest version that the trainer published. It steps up every few minutes while there is something to "
            "learn from; each mention is scored by the version that counted when it was written.",
            (zero("max(firebreak_model_version)", "published"),),
            unit="none",
            width=12,
        ),
    ),
)

SEEN = Row(
    "What does it see? $brand on $platform ($run_kind)",
    (
        Panel(
            "Mentions against what is expected",
            "Mentions a minute, what the baseline expects for this hour, and the upper end of its 95 % band. Above "
            "the band is unusual, not yet a crisis: a signal's mark shows where it was unlikely enough.",
            (
                zero(f"max(firebreak_brand_mentions_per_minute{{{SERIES}}})", "observed"),
                zero(f"max(firebreak_brand_expected_per_minute{{{SERIES}}})", "expected"),
                zero(f"max(firebreak_brand_expected_high_per_minute{{{SERIES}}})", "expected at most"),
            ),
            Look.BAND,
            unit="cpm",
            width=24,
        ),
        Panel(
            "Missed mentions",
            "Mentions that should have come since the last one, for each platform of the brand. Below 16 it is chance; "
            "where it climbs on, a source or a platform is silent: look at the row on sources. 0 once something comes.",
            (zero(f'max by (platform) (firebreak_brand_missed_mentions{{brand="$brand",{RUN}}})', "{{platform}}"),),
            thresholds=((16, YELLOW), (25, RED)),
            width=24,
        ),
        Panel(
            "Negative share",
            "Share of scored mentions that are negative, against what is usual for the brand. It can rise at an "
            "unchanged number of mentions: then the tone has turned.",
            (
                zero(f"max(firebreak_brand_negative_share{{{SERIES}}})", "observed"),
                zero(f"max(firebreak_brand_expected_negative_share{{{SERIES}}})", "expected"),
            ),
            unit="percentunit",
            width=12,
            top=1,
        ),
        Panel(
            "Every brand against its band",
            "Mentions over the upper end of the expected band, for each brand as a whole. Above 1 is unusual. "
            "All brands above 1 at once is a fault of a source or of Firebreak, not a crisis.",
            (
                zero(
                    f"max by (brand) (firebreak_brand_mentions_per_minute{{{WHOLE}}}) / "
                    f"clamp_min(max by (brand) (firebreak_brand_expected_high_per_minute{{{WHOLE}}}), 0.01)",
                    "{{brand}}",
                ),
            ),
            thresholds=((1, YELLOW), (3, RED)),
            width=12,
        ),
        Panel(
            "Signals",
            "Signals raised, by what is out of the ordinary. Each opens an incident or joins one; the console has "
            "the evidence.",
            (zero(f"sum by (kind) (increase(firebreak_signals_total{{{RUN}}}{RATE}))", "{{kind}}"),),
            Look.BARS,
            width=12,
        ),
        Panel(
            "Negativity of all mentions",
            "How negativity scores are spread, all brands together; higher is worse. A sudden jump for all brands "
            "with no news behind it points at the text model: look at its version.",
            (zero(f"sum by (le) (increase(firebreak_negativity_score_bucket{RATE}))", "{{le}}"),),
            Look.SPREAD,
            width=12,
        ),
    ),
)

INCIDENTS = Row(
    "Incidents and holds",
    (
        Panel(
            "Incidents open",
            "Incidents open now, all brands. The console has each with its evidence, runbook and who acknowledged it.",
            (zero(f"sum(max by (brand) (firebreak_incidents_open{{{RUN}}}))", "open"),),
            Look.NUMBER,
            thresholds=((1, RED),),
            width=6,
        ),
        Panel(
            "Holds in force",
            "Holds on automated posting in force now. Only people open one, on the console; it never ends by itself.",
            (zero(f"sum(max by (brand) (firebreak_holds_in_force{{{RUN}}}))", "in force"),),
            Look.NUMBER,
            thresholds=((1, ORANGE),),
            width=6,
        ),
        Panel(
            "Opened in this time",
            "Incidents opened in the time that the dashboard shows.",
            (zero(f'sum(increase(firebreak_signals_taken_total{{decision="opened",{RUN}}}[$__range]))', "opened"),),
            Look.NUMBER,
            base=BLUE,
            width=6,
        ),
        Panel(
            "Signals without a playbook",
            "Signals in the time shown that no playbook answers, so that nobody heard of them. Write a playbook for "
            "the kind, or say in one that it is left alone.",
            (
                zero(
                    f'sum(increase(firebreak_signals_taken_total{{decision="no_playbook",{RUN}}}[$__range]))',
                    "unanswered",
                ),
            ),
            Look.NUMBER,
            thresholds=((1, YELLOW),),
            width=6,
        ),
        Panel(
            "Incidents open, by brand",
            "`OTHER` is every brand that is not in the settings.",
            (zero(f"max by (brand) (firebreak_incidents_open{{{RUN}}})", "{{brand}}"),),
        ),
        Panel(
            "Holds in force, by brand",
            "A line that stays up for days: did somebody forget to release?",
            (zero(f"max by (brand) (firebreak_holds_in_force{{{RUN}}})", "{{brand}}"),),
        ),
        Panel(
            "Accounts in schedulers",
            "What the last read-back of each scheduler's account shows. `unknown` and `partial` while something is "
            "held: look at the page Holds, and stop there by hand what is listed.",
            (zero("max by (state) (firebreak_scheduler_accounts)", "{{state}}"),),
        ),
        Panel(
            "Scheduled posts not held",
            "Posts in schedulers that a hold covers and that would still go out, and those that went out all the same.",
            (
                zero("max(firebreak_scheduled_posts_going)", "still go"),
                zero("max(firebreak_scheduled_posts_leaked)", "went out"),
            ),
            width=16,
        ),
        Panel(
            "Signals taken in, by decision",
            "What became of each signal. `repeat` is a signal that came twice and counted once, as after a restart; "
            "`raised` made an open incident worse.",
            (zero(f"sum by (decision) (increase(firebreak_signals_taken_total{{{RUN}}}{RATE}))", "{{decision}}"),),
            Look.BARS,
        ),
        Panel(
            "Brands, by how far Firebreak may go",
            "How many brands are armed how far. A brand that only observes pages nobody: see the page Brands.",
            (zero("sum by (arming) (max by (brand, arming) (firebreak_brand_arming))", "{{arming}}"),),
            width=16,
        ),
        Panel(
            "Mutes in force",
            "Planned silence for a kind of signal or a playbook. The page Mutes says until when, by whom and why.",
            (zero("max(firebreak_mutes_in_force)", "in force"),),
            Look.NUMBER,
            thresholds=((1, YELLOW),),
            width=8,
        ),
        Panel(
            "False pages in a week",
            "Incidents that paged in the last seven days and of which a person said that they were false, by brand. "
            "Raise the severity from which a playbook pages, or plan what was expected (calendar, mute).",
            (zero('max by (brand) (firebreak_incidents_paged_week{judgement="false"})', "{{brand}}"),),
            width=12,
        ),
        Panel(
            "Pages of a week, by what people say of them",
            "`unjudged` is what nobody has called real or false yet: say so on the incident's page, else the left "
            "panel shows less than there is.",
            (zero("sum by (judgement) (max by (brand, judgement) (firebreak_incidents_paged_week))", "{{judgement}}"),),
            width=12,
        ),
    ),
)

REACHED = Row(
    "Did it reach people?",
    (
        Panel(
            "Waiting longest",
            "How long the oldest due action has waited. More than a few seconds: is a runner there, does the channel "
            "answer? The ledger on the incident's page has each try.",
            (zero("max(firebreak_outbox_oldest_due_seconds)", "oldest"),),
            Look.NUMBER,
            unit="s",
            thresholds=((10, YELLOW), (60, RED)),
            width=6,
        ),
        Panel(
            "Due",
            "Actions that are due and not yet carried out.",
            (zero("max(firebreak_outbox_due)", "due"),),
            Look.NUMBER,
            thresholds=((10, YELLOW), (100, RED)),
            width=6,
        ),
        Panel(
            "Nobody reachable",
            "Actions in the time shown whose role had nobody who could be reached. Somebody must be told by other "
            "means now; then mend the roles and channels in the settings.",
            (zero("sum(increase(firebreak_unreachable_roles_total[$__range]))", "unreachable"),),
            Look.NUMBER,
            thresholds=((1, RED),),
            width=4,
        ),
        Panel(
            "Rotas in trouble",
            "What is wrong with rotas now: a calendar that cannot be read, a file with a fault, an event that names "
            "nobody. Who was on call by what was read last counts on; `firebreak oncall` says what to mend.",
            (zero("max(sum by (instance) (firebreak_rota_troubles))", "troubles"),),
            Look.NUMBER,
            thresholds=((1, YELLOW),),
            width=4,
        ),
        Panel(
            "Gave up",
            "Deliveries in the time shown that failed for good. Somebody was not told: look at the ledger.",
            (zero(f'sum(increase(firebreak_deliveries_total{{outcome="failed",{RUN}}}[$__range]))', "failed"),),
            Look.NUMBER,
            thresholds=((1, RED),),
            width=4,
        ),
        Panel(
            "Pages",
            "Attempts to page, by channel and what came of them. A page that is only retried reaches nobody.",
            (
                zero(
                    f'sum by (channel, outcome) (increase(firebreak_deliveries_total{{action="page",{RUN}}}{RATE}))',
                    "{{channel}}: {{outcome}}",
                ),
            ),
            Look.BARS,
        ),
        Panel(
            "Notices, holds and annotations",
            "Attempts to carry out everything that is no page.",
            (
                zero(
                    f'sum by (action, outcome) (increase(firebreak_deliveries_total{{action!="page",{RUN}}}{RATE}))',
                    "{{action}}: {{outcome}}",
                ),
            ),
            Look.BARS,
        ),
        Panel(
            "From due to delivered",
            "Time from the moment an action was due to the other side's yes.",
            (
                quantile(0.5, "firebreak_delivery_delay_seconds", "half are below"),
                quantile(0.95, "firebreak_delivery_delay_seconds", "95 % are below"),
            ),
            unit="s",
            thresholds=((10, YELLOW), (60, RED)),
        ),
    ),
)

GATE = Row(
    "Gate and console",
    (
        Panel(
            "Answers to schedulers",
            "Answers a second. None at all for longer than usual: schedulers do not ask, so nothing is held for them.",
            (zero(f"sum by (decision) (rate(firebreak_gate_decisions_total{RATE}))", "{{decision}}"),),
            unit="reqps",
        ),
        Panel(
            "Why not",
            "Answers other than allow, by reason. `store_unreachable` holds everything until the store is back.",
            (
                zero(
                    f'sum by (reason) (increase(firebreak_gate_decisions_total{{decision!="allow"}}{RATE}))',
                    "{{reason}}",
                ),
            ),
            Look.BARS,
        ),
        Panel(
            "Time in the policy",
            "How long posts take to be read before they are asked about; part of the time for an answer.",
            (
                quantile(0.5, "firebreak_gate_policy_seconds", "half are below"),
                quantile(0.99, "firebreak_gate_policy_seconds", "99 % are below"),
            ),
            unit="s",
        ),
        Panel(
            "Editors and approvers",
            "Words by which people let posts go that the policy held, and posts that went by one.",
            (
                zero(f"sum by (word) (increase(firebreak_gate_editorial_words_total{RATE}))", "{{word}}"),
                zero(
                    f'sum(increase(firebreak_gate_decisions_total{{decision="allow",reason="overridden"}}{RATE}))',
                    "went",
                ),
            ),
            Look.BARS,
        ),
        Panel(
            "Glass broken",
            "Posts that went although they were held, by a person's word for that one post. Each has paged ops.",
            (zero(f"sum(increase(firebreak_gate_break_glass_total{RATE}))", "posts"),),
            Look.BARS,
        ),
        Panel(
            "Detection dead",
            "1 while nobody would see a crisis: automated posts are held for it, and ops are paged.",
            (zero("max(firebreak_gate_detection_dead)", "dead"),),
        ),
        Panel(
            "Time for an answer",
            "Schedulers give up and hold after their own limit, so a slow gate is a closed one.",
            (
                quantile(0.5, "firebreak_gate_decision_seconds", "half are below"),
                quantile(0.99, "firebreak_gate_decision_seconds", "99 % are below"),
            ),
            unit="s",
            thresholds=((0.01, YELLOW), (0.1, RED)),
        ),
        Panel(
            "Console",
            "Requests for the console's pages. 5xx are faults: the console's log has each.",
            (zero(f"sum by (page, status) (rate(firebreak_console_requests_total{RATE}))", "{{page}}: {{status}}"),),
            unit="reqps",
            width=16,
        ),
    ),
)

SOURCES = Row(
    "Sources: is silence calm?",
    (
        Panel(
            "Mentions by source",
            "Mentions a second that Kafka has acknowledged. A source that falls to 0 is not calm until its lag and "
            "its reconnects say so.",
            (zero(f"sum by (source) (rate(firebreak_source_mentions_total{RATE}))", "{{source}}"),),
            unit="cps",
        ),
        Panel(
            "Source lag",
            "How far behind the clock the last frame was. Minutes after a reconnect are normal while it catches up.",
            (zero("max by (source) (firebreak_source_lag_seconds)", "{{source}}"),),
            unit="s",
            thresholds=((60, YELLOW), (600, RED)),
        ),
        Panel(
            "Reconnects, gaps and bad frames",
            "A gap means that posts may be missing, between the two times in the source's log. Bad frames without "
            "end: the other side has changed its format.",
            (
                zero(f"sum by (source) (increase(firebreak_source_reconnects_total{RATE}))", "{{source}}: reconnects"),
                zero(f"sum by (source) (increase(firebreak_source_gaps_total{RATE}))", "{{source}}: gaps"),
                zero(f"sum by (source) (increase(firebreak_source_bad_frames_total{RATE}))", "{{source}}: bad frames"),
            ),
            Look.BARS,
        ),
    ),
)

DEAD = Row(
    "Dead letters and learning",
    (
        Panel(
            "Bad records by reason",
            "Records a second that cannot be read. The topic mentions.dead has each with its source and offset: mend "
            "the producer.",
            (zero(f"sum by (reason) (rate(firebreak_dead_letters_total{RATE}))", "{{reason}}"),),
            unit="cps",
            width=6,
        ),
        Panel(
            "Share of bad records",
            "Bad records over all. Past a fifth of them, ops are paged and only a sample is kept; detection goes on "
            "with what is good.",
            (
                number(
                    f'sum(rate(firebreak_mentions_total{{outcome="dead"}}{RATE})) / '
                    f"sum(rate(firebreak_mentions_total{RATE}))",
                    "share",
                ),
            ),
            unit="percentunit",
            thresholds=((0.05, YELLOW), (0.2, RED)),
            width=6,
        ),
        Panel(
            "Bad records not kept",
            "Bad records a second that were counted but not put on mentions.dead, because too many are bad.",
            (zero(f"sum(rate(firebreak_dead_letters_sampled_total{RATE}))", "not kept"),),
            unit="cps",
            width=6,
        ),
        Panel(
            "Texts learned from",
            "Texts a minute that the model learns from, by whose label they carry.",
            (zero(f"sum by (origin) (rate(firebreak_samples_learned_total{RATE})) * 60", "{{origin}}"),),
            unit="cpm",
            width=6,
        ),
    ),
)

ROWS = (ALIVE, KEEPING_UP, SEEN, INCIDENTS, REACHED, GATE, SOURCES, DEAD)

"""Triage's decisions, without Kafka: from the records of one input partition to cells, markers and a place to restart.

Everything here is a function of the records in their order: how they were batched, when they were read and how often
the process died make no difference to the cells. That is what lets a restart make the same cells again, and a backtest
see what a live system saw.

**Time.** W, the time of a partition and run, is the running maximum of min(created_at, the record's Kafka time). A
bucket is complete when its end plus the grace is at or below W; a mention for a complete bucket is late, and travels in
W's bucket with both times.

**Restart.** A checkpoint names the fold that holds the first mention of a cell still open, with W and the recent ids as
they were there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec
import xxhash

from detectors.bucket import BUCKET_MS, END_OF_RUN_MS, GRACE_MS, Cell
from detectors.mention import BadMention, Fault, Label, Mention, decode_mention
from detectors.run import Live, run_of
from detectors.text.distant import distant_label
from detectors.text.features import features
from detectors.text.languages import Language, language_of
from detectors.text.model import Scorer
from detectors.voices.words import word_numbers_of
from playbooks.labels import MentionOutcome
from streams.deciding.open_cell import OpenCell, digest_of
from streams.deciding.recent_ids import RecentIds
from streams.wire import (
    HEARTBEAT_KEY,
    TRIAGE_STATE_VERSION,
    BadRecord,
    DeadLetter,
    Marker,
    Sample,
    Topic,
    TriageRun,
    TriageState,
    decode_heartbeat,
)

_MAX_WORDS: Final = 32
_ENDED_RUNS_KEPT: Final = 64
#: A bound for a flood of made-up brands: what is beyond it is refused, the one thing a restart may see otherwise.
_OPEN_CELLS_MOST: Final = 20_000
_SAMPLE_ONE_IN: Final = 16

ScorerAt = Callable[[int], Scorer]


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of `mentions`; `recorded_ms` is its Kafka time."""

    offset: int
    recorded_ms: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class TriageRules:
    """What triage decides by. Times in milliseconds; `brands` None takes every brand."""

    brands: frozenset[str] | None
    future_ms: int
    horizon_ms: int
    recent_ids: int
    runs_at_once: int
    run_idle_ms: int


@dataclass(slots=True)
class Gathered:
    """What came out of one fold, to be delivered in this order: cells, then markers."""

    cells: list[Cell] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    outcomes: Counter[MentionOutcome] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    late: int = 0


@dataclass(slots=True)
class _Run:
    """One run in this partition. `ended` runs are kept for a while so that a straggler does not start them anew."""

    id: str
    recent: RecentIds
    time_ms: int = 0
    seen_ms: int = 0
    marked_ms: int = 0
    ended: bool = False
    cells: dict[tuple[str, str, int], OpenCell] = field(default_factory=dict)


class _RunAtFold(NamedTuple):
    time_ms: int
    seen_ms: int
    sequence: int


class _FoldStart(NamedTuple):
    offset: int
    runs: dict[str, _RunAtFold]


class PartitionTriage:
    """Triage of one input partition: hand in its records fold by fold, deliver what `fold` returns, then `checkpoint`.

    `scorer_at` gives the text model that counts for a bucket, by its start.
    """

    def __init__(
        self, partition: int, rules: TriageRules, scorer_at: ScorerAt, state: TriageState | None = None
    ) -> None:
        self.partition = partition
        self._rules = rules
        self._scorer_at = scorer_at
        self._scorer_start = -1
        self._scorer: Scorer | None = None
        self._runs: dict[str, _Run] = {}
        self._folds: dict[int, _FoldStart] = {}
        self._fold = 0
        self.next_offset = state.offset if state else 0
        for run in state.runs if state else ():
            self._runs[run.run] = _Run(
                run.run,
                RecentIds(rules.recent_ids, run.recent),
                time_ms=run.time_ms,
                seen_ms=run.seen_ms,
                marked_ms=run.time_ms,
                ended=run.time_ms >= END_OF_RUN_MS,
            )

    def fold(self, records: Sequence[Record]) -> Gathered:
        """Take in the next records, in order. Records before the checkpoint this started from are passed over."""
        out = Gathered()
        if not records or records[-1].offset < self.next_offset:
            return out
        self._fold += 1
        self._folds[self._fold] = self._start(max(records[0].offset, self.next_offset))
        for record in records:
            if record.offset < self.next_offset:
                continue
            if record.key == HEARTBEAT_KEY:
                self._heartbeat(record, out)
            else:
                self._mention(record, out)
        self.next_offset = records[-1].offset + 1
        for run in self._runs.values():
            self._complete(run, out)
        self._forget()
        return out

    def checkpoint(self) -> TriageState:
        """Where a restart may begin once everything that `fold` returned is delivered."""
        start = self._restart()
        return TriageState(
            version=TRIAGE_STATE_VERSION,
            partition=self.partition,
            offset=start.offset,
            runs=tuple(self._run_state(id, then) for id, then in start.runs.items() if id in self._runs),
        )

    def live_time_ms(self) -> int:
        """W of the live run, 0 before its first record."""
        live = self._runs.get("")
        return live.time_ms if live else 0

    # --- one record ---------------------------------------------------------------------------------------------

    def _mention(self, record: Record, out: Gathered) -> None:
        try:
            mention = decode_mention(record.value)
            outcome = self._place(mention, record, out)
        except BadMention as bad:
            out.dead.append(_dead_letter(bad, record, self.partition))
            out.faults[bad.fault] += 1
            outcome = MentionOutcome.DEAD
        out.outcomes[outcome] += 1

    def _place(self, mention: Mention, record: Record, out: Gathered) -> MentionOutcome:
        """Check a decoded mention against this partition's time and memory, and put it into its cell."""
        rules = self._rules
        run_id = mention.run or ""
        live_like = not run_id or not run_id.startswith("replay")
        if live_like and rules.brands is not None and mention.brand not in rules.brands:
            raise BadMention(Fault.UNKNOWN_BRAND, f"brand {mention.brand} is not configured")
        created_ms = mention.created_ms
        if created_ms > record.recorded_ms + rules.future_ms:
            raise BadMention(Fault.FUTURE, f"{(created_ms - record.recorded_ms) // 1000} s ahead of its arrival")
        run = self._run(run_id, record, out)
        at_ms = min(created_ms, record.recorded_ms)
        newest_ms = run.time_ms if run_id else record.recorded_ms
        if at_ms < newest_ms - rules.horizon_ms:
            raise BadMention(Fault.BEFORE_HORIZON, f"{(newest_ms - at_ms) // 3_600_000} h old")
        identity = f"{mention.platform}\x1f{mention.id}\x1f{mention.brand}\x1f{mention.deleted:d}"
        number = xxhash.xxh3_64_intdigest(identity.encode())
        if not run.recent.add(number):
            return MentionOutcome.REPEAT
        if at_ms > run.time_ms:
            run.time_ms = at_ms
        start_ms = at_ms - at_ms % BUCKET_MS
        late_ms = 0
        if start_ms + BUCKET_MS + GRACE_MS <= run.time_ms:
            late_ms = run.time_ms - at_ms
            start_ms = run.time_ms - run.time_ms % BUCKET_MS
            out.late += 1
        return self._count(run, mention, number, at_ms, start_ms, late_ms, out)

    def _count(
        self, run: _Run, mention: Mention, number: int, at_ms: int, start_ms: int, late_ms: int, out: Gathered
    ) -> MentionOutcome:
        key = (mention.brand, mention.platform, start_ms)
        opened = run.cells.get(key) or self._open_cell(run, key, out)
        opened.name(mention.source)
        if mention.deleted:
            opened.delete(mention.id)
            return MentionOutcome.DELETED
        body = mention.body
        negativity = self._score(mention, body, number, start_ms, out)
        digest = digest_of(mention, at_ms, word_numbers_of(body, _MAX_WORDS), negativity, late_ms)
        opened.count(mention.own, negativity, late_ms > 0)
        opened.keep(number, digest)
        opened.quote(digest, mention, body)
        return MentionOutcome.ACCEPTED

    def _open_cell(self, run: _Run, key: tuple[str, str, int], out: Gathered) -> OpenCell:
        if len(run.cells) >= _OPEN_CELLS_MOST:
            # Complete cells leave at the end of a fold; where folds end must make no difference.
            self._complete(run, out)
            if len(run.cells) >= _OPEN_CELLS_MOST:
                raise BadMention(Fault.TOO_MANY_BRANDS, f"more than {_OPEN_CELLS_MOST} brands and platforms at once")
        brand, platform, start_ms = key
        cell = Cell(run.id, self.partition, brand, platform, start_ms, text_model=self._scorer_of(start_ms).version)
        opened = run.cells[key] = OpenCell(cell, self._fold)
        return opened

    def _scorer_of(self, start_ms: int) -> Scorer:
        if start_ms != self._scorer_start or self._scorer is None:
            self._scorer = self._scorer_at(start_ms)
            self._scorer_start = start_ms
        return self._scorer

    def _score(self, mention: Mention, body: str, number: int, start_ms: int, out: Gathered) -> float | None:
        """Negativity of a mention, None where its language is not scored."""
        language = language_of(mention.lang, body)
        if language is None:
            return None
        found = features(body, language)
        if number % _SAMPLE_ONE_IN == 0 and language is Language.ENGLISH and not mention.run:
            label = distant_label(found)
            if label is not None:
                out.samples.append(Sample(body, label))
        return self._scorer_of(start_ms).score(found, language)

    def _heartbeat(self, record: Record, out: Gathered) -> None:
        try:
            beat = decode_heartbeat(record.value)
            run = self._run(beat.run, record, out)
        except BadRecord as wrong:
            bad = BadMention(Fault.WRONG_SHAPE, f"heartbeat: {wrong}")
        except BadMention as refused:
            bad = refused
        else:
            run.time_ms = max(run.time_ms, min(beat.at_ms, record.recorded_ms))
            if beat.final and not isinstance(run_of(beat.run), Live):
                self._end(run, out)
            return
        out.dead.append(_dead_letter(bad, record, self.partition))
        out.faults[bad.fault] += 1
        out.outcomes[MentionOutcome.DEAD] += 1

    # --- runs ---------------------------------------------------------------------------------------------------

    def _run(self, run_id: str, record: Record, out: Gathered) -> _Run:
        run = self._runs.get(run_id)
        if run is None:
            self._end_idle_runs(record.recorded_ms, out)
            going = sum(not known.ended for known in self._runs.values())
            if run_id and going >= self._rules.runs_at_once:
                raise BadMention(Fault.TOO_MANY_RUNS, f"{going} replays and drills at once")
            run = self._runs[run_id] = _Run(run_id, RecentIds(self._rules.recent_ids))
        elif run.ended:
            raise BadMention(Fault.RUN_ENDED, f"run {run_id[:80]!r} has ended")
        if record.recorded_ms > run.seen_ms:
            run.seen_ms = record.recorded_ms
        if not run_id and len(self._runs) > 1:
            self._end_idle_runs(record.recorded_ms, out)
        return run

    def _end_idle_runs(self, now_ms: int, out: Gathered) -> None:
        """A replay that died would hold its cells, and with them the restart offset, for ever."""
        for run in list(self._runs.values()):
            if run.id and not run.ended and run.seen_ms + self._rules.run_idle_ms < now_ms:
                self._end(run, out)

    def _end(self, run: _Run, out: Gathered) -> None:
        # How far it came is told before its end, so that watch knows up to where nobody spoke.
        self._complete(run, out)
        run.time_ms = END_OF_RUN_MS
        run.ended = True
        self._complete(run, out)

    def _complete(self, run: _Run, out: Gathered) -> None:
        """Move the cells that W has passed into `out`, and say how far this partition is."""
        reached = run.time_ms if run.ended else (run.time_ms - GRACE_MS) // BUCKET_MS * BUCKET_MS + GRACE_MS
        if reached <= run.marked_ms:
            return  # no cell is complete that was not before: mentions for complete buckets travel in later ones
        run.marked_ms = reached
        done = [key for key in run.cells if key[2] + BUCKET_MS + GRACE_MS <= reached]
        done.sort(key=lambda key: (key[2], key[0], key[1]))
        out.cells.extend(run.cells.pop(key).closed() for key in done)
        out.markers.append(Marker(run.id, self.partition, reached))

    # --- memory -------------------------------------------------------------------------------------------------

    def _start(self, offset: int) -> _FoldStart:
        """A restart at `offset`, with the runs as they are now."""
        runs = {id: _RunAtFold(run.time_ms, run.seen_ms, run.recent.sequence) for id, run in self._runs.items()}
        return _FoldStart(offset, runs)

    def _restart(self) -> _FoldStart:
        """Where a restart has to begin: the oldest fold that an open cell needs, or here."""
        return next(iter(self._folds.values()), None) or self._start(self.next_offset)

    def _run_state(self, run_id: str, then: _RunAtFold) -> TriageRun:
        recent = b"" if then.time_ms >= END_OF_RUN_MS else self._runs[run_id].recent.at(then.sequence)
        return TriageRun(run_id, then.time_ms, then.seen_ms, recent)

    def _forget(self) -> None:
        """Let go of what no restart from here on would need."""
        needed = {cell.first_fold for run in self._runs.values() for cell in run.cells.values()}
        self._folds = {number: start for number, start in self._folds.items() if number in needed}
        start = self._restart()
        for run in self._runs.values():
            then = start.runs.get(run.id)
            if run.ended and (then is None or then.time_ms >= END_OF_RUN_MS):
                run.recent = RecentIds(0)
            elif then is not None:
                run.recent.forget_before(then.sequence)
        self._forget_ended(start if self._folds else None)

    def _forget_ended(self, start: _FoldStart | None) -> None:
        ended = [run for run in self._runs.values() if run.ended]
        for run in sorted(ended, key=lambda run: run.seen_ms)[: max(0, len(ended) - _ENDED_RUNS_KEPT)]:
            if start is None or run.id not in start.runs:
                del self._runs[run.id]


def _dead_letter(bad: BadMention, record: Record, partition: int) -> DeadLetter:
    value = record.value or b""
    return DeadLetter(
        reason=bad.fault.value,
        detail=bad.detail,
        source=_source_of(value),
        topic=Topic.MENTIONS.value,
        partition=partition,
        offset=record.offset,
        original=value,
    )


class _OnlySource(msgspec.Struct):
    source: Label | None = None


def _source_of(value: bytes) -> str | None:
    """The connector that brought a bad record, where that much of it can be read."""
    try:
        return msgspec.json.decode(value, type=_OnlySource).source
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None

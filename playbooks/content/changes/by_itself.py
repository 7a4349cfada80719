"""Changes of what happens by itself: when it fires, who is reached, what is held, who is paged after whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playbooks.content.changes.change import EVERYBODY, Changed, Changes, Weight, after, for_whom, paired
from playbooks.content.schema import POSTING_TEAM, Escalation, HoldTerms, Playbook, Step
from playbooks.content.trigger import Condition, Trigger
from playbooks.labels import ActionKind


def _trigger(old: Playbook, new: Playbook) -> Changes:
    words = [
        *_listed("signals of the kind", old.trigger.kinds, new.trigger.kinds, "any"),
        *_listed("the platform", old.trigger.platforms, new.trigger.platforms, "every platform"),
        *_severity(old.trigger, new.trigger),
        *_conditions(old.trigger, new.trigger),
        *_listed("rising words:", old.trigger.terms, new.trigger.terms, "whatever people say"),
    ]
    yield from (_of_all(f"fires {line}") for line in words)
    if old.trigger.quiet_h != new.trigger.quiet_h:
        yield _of_all(
            f"an incident is over after {new.trigger.quiet_h:g} hours without a signal, not {old.trigger.quiet_h:g}"
        )


def _which_opens(old: Playbook, new: Playbook) -> Changes:
    if old.of_cause != new.of_cause:
        yield _of_all(f"its incidents are of the cause {new.of_cause!r}, not {old.of_cause!r}: others join, or open")
    if old.precedence != new.precedence:
        way = "before" if new.precedence > old.precedence else "after"
        yield _of_all(f"comes {way} others of its cause it did not: precedence {new.precedence}, not {old.precedence}")
    if old.deprecated is None and new.deprecated is not None:
        yield _of_all(f"opens nothing from {new.deprecated.on} on; {new.deprecated.use} does: {new.deprecated.why}")
    elif old.deprecated is not None and new.deprecated is None:
        yield _of_all("is in use again")
    elif old.deprecated != new.deprecated and new.deprecated is not None:
        yield _of_all(f"opens nothing from {new.deprecated.on} on, and {new.deprecated.use} stands in")


def _steps(old: Playbook, new: Playbook) -> Changes:
    before, now = _automatic(old), _automatic(new)
    for step in old.steps:
        if step.id in before and step.id not in now:
            yield Changed(Weight.BY_ITSELF, for_whom(step), f"no longer: {_does(step)} ({step.id})")
    for step in new.steps:
        if step.id in now and step.id not in before:
            yield Changed(Weight.BY_ITSELF, for_whom(step), f"new: {_does(step)} ({step.id})")
    for was, step in paired(old, new):
        if step.id in before and step.id in now and _does(was) != _does(step):
            for whom in dict.fromkeys((for_whom(was), for_whom(step))):
                yield Changed(Weight.BY_ITSELF, whom, f"{_does(step)}; before, {_does(was)} ({step.id})")


def _hold(old: Playbook, new: Playbook) -> Changes:
    if old.hold == new.hold:
        return
    if new.hold is None or old.hold is None:
        said = f"posts are held: {_held(new.hold)}" if new.hold else "no post is held any more"
        yield Changed(Weight.BY_ITSELF, POSTING_TEAM, said)
        return
    yield Changed(Weight.BY_ITSELF, POSTING_TEAM, f"what is held is {_held(new.hold)}; before, {_held(old.hold)}")
    for role in (*new.hold.released_by, *old.hold.released_by):
        if (role in new.hold.released_by) != (role in old.hold.released_by):
            may = "may let posts go" if role in new.hold.released_by else "may no longer let posts go"
            yield Changed(Weight.BY_ITSELF, role, may)


def _escalations(old: Playbook, new: Playbook) -> Changes:
    for name in dict.fromkeys((*old.escalations, *new.escalations)):
        was, now = old.escalations.get(name), new.escalations.get(name)
        if was == now:
            continue
        roles = {role for one in (was, now) if one for role in (*(level.to for level in one.levels), one.last_resort)}
        said = _escalates(now) if now else "nobody else is paged any more"
        for role in sorted(roles):
            yield Changed(Weight.BY_ITSELF, role, f"while nobody acknowledges, {said} ({name})")
    if old.ack_expires_min != new.ack_expires_min:
        lasts = "lasts" if new.ack_expires_min is None else f"is forgotten {after(new.ack_expires_min)} without a word"
        yield _of_all(f"an acknowledgement {lasts}")


LOOKS: tuple[Callable[[Playbook, Playbook], Changes], ...] = (_trigger, _which_opens, _steps, _hold, _escalations)


def _of_all(words: str) -> Changed:
    return Changed(Weight.BY_ITSELF, EVERYBODY, words)


def _automatic(playbook: Playbook) -> set[str]:
    return {step.id for step in playbook.steps if not step.action.is_for_people}


def _does(step: Step) -> str:
    """What a step does, in words."""
    match step.action:
        case ActionKind.PAGE:
            each = ", each for themselves" if step.each else ""
            more = f", then by the escalation {step.escalation}" if step.escalation else ""
            return f"{step.to} is paged {after(step.after_min)}{each}{more}"
        case ActionKind.NOTIFY:
            where = ", where posts are really held" if step.with_hold else ""
            again = ", and again when it gets worse" if step.again_when_worse else ""
            return f"{step.to} is told {after(step.after_min)}{where}{again}"
        case ActionKind.HOLD:
            return "automated posts are held at once"
        case ActionKind.ANNOTATE:
            return f"the graphs are marked {after(step.after_min)}"
        case _:
            return f"{step.to} is asked ({step.action.value})"


def _held(hold: HoldTerms) -> str:
    scope = "every post of the brand" if hold.scope == "brand" else "the posts on the signal's platform"
    people = "one person" if hold.releasers == 1 else f"{hold.releasers} different people"
    only = "" if hold.only.is_open else f", only {hold.only.in_words()}"
    among = "" if hold.one_of is None else f" (one of {hold.one_of} among them)"
    return (
        f"{scope}{only}, until {people} of {', '.join(hold.released_by)} let go{among}, asked "
        f"{after(hold.ask_again_min)} whether it is still needed"
    )


def _escalates(escalation: Escalation) -> str:
    levels = ", ".join(f"{level.to} is paged {after(level.after_min)}" for level in escalation.levels)
    times = "once more" if escalation.repeat == 1 else f"{escalation.repeat} times more"
    rounds = f", {times} after {escalation.every_min} minutes" if escalation.repeat else ""
    return f"{levels}{rounds}, and last {escalation.last_resort}"


def _severity(old: Trigger, new: Trigger) -> list[str]:
    if old.min_severity == new.min_severity:
        return []
    often = "less often" if new.min_severity > old.min_severity else "more often"
    return [f"{often}: from severity {new.min_severity} on, not {old.min_severity}"]


def _conditions(old: Trigger, new: Trigger) -> list[str]:
    before, now = ({one.field: one for one in trigger.conditions} for trigger in (old, new))
    found = []
    for field in dict.fromkeys((*before, *now)):
        was, is_now = before.get(field), now.get(field)
        if was == is_now:
            continue
        if is_now is None and was is not None:
            found.append(f"more often: {field.value} need no longer be {_bounds(was)}")
        elif was is None and is_now is not None:
            found.append(f"less often: {field.value} must be {_bounds(is_now)}")
        elif was is not None and is_now is not None:
            found.append(f"otherwise: {field.value} must be {_bounds(is_now)}, not {_bounds(was)}")
    return found


def _bounds(condition: Condition) -> str:
    bounds = (("at least", condition.at_least), ("at most", condition.at_most))
    return " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)


def _listed(what: str, old: Sequence[str], new: Sequence[str], everything: str) -> list[str]:
    """What came to a list and what went; an empty list asks for nothing."""
    came = [str(one) for one in new if one not in old]
    went = [str(one) for one in old if one not in new]
    if not old and new:
        return [f"less often: only on {what} {', '.join(came)}, not on {everything}"]
    if old and not new:
        return [f"more often: on {everything}, not only on {what} {', '.join(went)}"]
    return [f"more often: also on {what} {', '.join(came)}"] * bool(came) + [
        f"less often: no longer on {what} {', '.join(went)}"
    ] * bool(went)

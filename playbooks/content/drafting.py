"""The text of a new draft: a first version from a form that teaches, or the next version of one that is there."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from playbooks.content.schema import Playbook

#: What the form proposes for the next review.
REVIEW_AFTER: Final = timedelta(days=180)
#: The changelog's line where nobody said why there is a next version.
SAY_WHY: Final = "Say what changed, and why."

_CHANGELOG: Final = re.compile(r"^changelog:[ \t]*(?:#.*)?\n(?=(?P<indent>[ \t]*)-)", re.MULTILINE)
_APPROVALS: Final = re.compile(r"^approvals:.*\n(?:(?:[ \t]+.*|-.*|#.*)?\n)*?(?=^\S|\Z)", re.MULTILINE)


def first_version(id: str, owner: str, today: date) -> str:
    """A whole, valid playbook to begin with; its comments say what to put where."""
    return _FORM.format(id=id, owner=_quoted(owner), today=today, review_by=today + REVIEW_AFTER)


def next_version(source: str, old: Playbook, version: str, why: str, today: date) -> str:
    """The text of `old` as the draft of another version: comments stay, approvals go, the changelog says why.

    `why` is one line. What is left to do is the change itself.
    """
    text = re.sub(r"^version:.*$", f"version: {version}", source, count=1, flags=re.MULTILINE)
    text = _APPROVALS.sub("", text)
    text = _CHANGELOG.sub(lambda found: found[0] + _entry(found["indent"], version, why, today), text, count=1)
    if old.review_by <= today:
        text = re.sub(r"^review_by:.*$", f"review_by: {today + REVIEW_AFTER}", text, count=1, flags=re.MULTILINE)
    return text


def _entry(indent: str, version: str, why: str, today: date) -> str:
    return f"{indent}- version: {version}\n{indent}  day: {today}\n{indent}  change: {_quoted(why)}\n"


def _quoted(words: str) -> str:
    """A line of text as YAML, whatever it holds."""
    return "'" + " ".join(words.split()).replace("'", "''") + "'"


_FORM: Final = """\
# The form of a playbook. Every line can be changed; `firebreak playbook check` says what is wrong, with its line.
id: {id}
version: 1.0.0
# One line: the subject of its pages.
title: Say in one line what has happened
purpose: |
  What it is for, and what happens if nobody does anything. Two or three sentences.
owner: {owner}
review_by: {review_by}

# Playbooks of one cause share one open incident; of those that fire, the highest precedence opens. Leave both out where
# it stands alone.
# cause: public-anger
# precedence: 15

trigger:
  # volume, negativity, flood, silence, dead_letters, unanswered, backlash, impersonation, takeover, reported
  kinds: [negativity, reported]
  min_severity: 3
  # platforms: [x]              # without it: any, and the brand as a whole
  conditions:
    # What anybody can raise with money neither pages nor holds by itself: ask for different people, and for a share.
    - {{field: authors, at_least: 6}}
    - {{field: negative_share, at_least: 0.3}}
  # terms: [word, another]      # one of these rises among the complaints
  quiet_h: 6

roles:
  on-call: What is expected of them, in the first hour.
  executives: What they decide, and what they leave alone.
  posting-team: What they stop.

# What Firebreak does by itself: hold, page, notify, annotate. What people do: task, decision, statement, each with the
# role and the minutes after which it is overdue.
steps:
  - id: hold-posts
    action: hold
    words: Why posts are held, for whoever is held back.
  - id: page-on-call
    action: page
    to: on-call
    escalation: nobody-answers
    words: What has happened, and what to do first.
  - id: tell-posting-team
    action: notify
    to: posting-team
    with_hold: true
    words: That their queue stands still, and what to stop by hand.
  - id: mark-graphs
    action: annotate
    words: A few words for the graphs.
  - id: look
    action: task
    to: on-call
    deadline_min: 15
    words: What to find out first, and where.
  - id: what-to-do
    action: decision
    to: on-call
    deadline_min: 30
    options: [This, That]
    words: What has to be decided?
  - id: say-it
    action: statement
    to: on-call
    deadline_min: 60
    say: we-know
    words: Where it is said, and by whom.

escalations:
  nobody-answers:
    levels:
      - {{to: on-call, after_min: 5}}
      - {{to: executives, after_min: 10}}
    every_min: 10
    repeat: 1
    last_resort: executives
ack_expires_min: 120

hold:
  scope: brand
  releasers: 1
  released_by: [on-call, executives]

# What only the moment knows stands as <what it is>.
statements:
  - id: we-know
    audience: public
    approved_by: {owner}
    approved_on: {today}
    words: We see that <what people cannot do>. Next word here at <time>.

runbook: |
  # The title again

  ## 0 to 15 minutes: look

  1. Acknowledge the incident.

  ## 15 to 60 minutes: say that you know

  1. Write down what is known.

  ## 60 to 90 minutes: say what you do about it

  1. Keep the time that was promised.

  ## What not to say

  - Nothing that you do not know.

  ## When to stop

  It is over when:

  1. What was promised has been kept.

changelog:
  - version: 1.0.0
    day: {today}
    change: First version.

# A release needs two different people:
# approvals:
#   - {{name: Ada Example, role: Head of communications, on: {today}}}

examples:
  fires:
    - what: a signal that must fire it
      signal:
        kind: negativity
        severity: 4
        platform: x
        evidence: {{mentions: 160, negative: 120, negative_share: 0.75, authors: 100, times_usual: 15}}
  quiet:
    - what: one busy author, who must not
      signal:
        kind: negativity
        severity: 4
        evidence: {{mentions: 200, negative: 200, negative_share: 1, authors: 1}}
"""

"""What to do about a signal: incidents, playbooks, pages, holds, and the pages people see.

Contract: a decision (`plan`, `schema`) is a pure function of values and a time that is handed in; what is decided is
written to the store in one transaction; effects are carried out from the store alone, so nothing due is lost when a
process dies. The package knows nothing of Kafka or Faust.

In the flow: a `Signal` comes in from `streams`; an incident, actions and a hold go into the store (``store/``); the
runner sends pages and notices (``effects/``); the gate answers schedulers; the console shows people what is so.
"""

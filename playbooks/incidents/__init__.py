"""What to do about a signal, and what an incident is: pure functions of values and a moment that is handed in.

Contract: `plan` decides what a signal calls for, `timers` what falls due while nobody does anything, `afterwards` who
hears of what people did; `incident` folds the append-only log (`log_entry`) into what a person sees. The same log gives
the same incident. Nothing here reads a clock, a file or a store.

In the flow: `playbooks.store.incidents` calls these in the transaction that writes what they decide.
"""

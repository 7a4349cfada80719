"""Holding posts in the schedulers themselves: what is scheduled there goes out without asking any gate.

While a hold covers an account, everything that would go out of it by itself is found, kept here (in the store),
stopped, and read back. Only what was read back counts: an account is `HELD` when its scheduler shows that nothing goes.
One adapter a file, all behind `scheduler.Scheduler`; what to do and what is so is decided in `decisions.py`, without
I/O; `round.py` does one pass over one account, `keeper.py` goes round all of them inside the runner.

A drill and a replay touch no scheduler: only holds of life are looked at.
"""

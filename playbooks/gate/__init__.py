"""The gate: "may I post?", asked by schedulers, answered within milliseconds, closed wherever it is not sure.

Contract: `decision` is pure, from the question and everything that bears on it to an answer with its reasons; `service`
and `http` ask the store and speak HTTP; `client`, `plain_client` and `guard` are for programs that ask, and take
anything but a clear and fresh yes for a no.

In the flow: at the end of it, beside the schedulers: what `playbooks.store.holds` holds is not posted.
"""

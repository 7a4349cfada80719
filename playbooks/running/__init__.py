"""The runner: wakes timers that are due and carries out due actions from the store, in as many processes as one likes.

Contract: whatever is due is in the store before it is done, and done under a lease that runs out; nothing is lost when
a process dies, and nothing is sent twice without the same idempotency key. What is decided on the way is in
`playbooks.delivery` and `playbooks.incidents`.
"""

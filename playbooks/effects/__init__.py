"""Effects: one adapter a file for each road that a page, a notice or an annotation takes.

Contract: an effect turns a `Message` into what the other side wants (a pure function), sends it once, and answers
`Delivered`, `Retry` with a reason or `Failed` with a reason (`outcome.py`). It never tries again by itself, never
raises for what the other side does, and puts no secret and none of the other side's words into what it answers. Two
sends of one message carry the same idempotency key. A replay cannot be sent: a `Message` belongs to life or a drill.

In the flow: the runner takes due actions out of the store, `people.py` says whom they are for, `registry.py` opens
the effects that the settings ask for. A new effect is a file here and a line there.
"""

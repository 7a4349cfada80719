"""What may be said in a brand's name: every outgoing post is read for it, whether or not there is a crisis.

Contract: pure. `check.check` takes a post, the brand's rules and what is known of the world just now, and gives a
verdict with findings, each with a reason that a person understands; nothing here reads a store, a file of settings or
a clock. The worst finding counts: ``reject`` before ``hold`` before ``allow``.

In the flow: the gate asks it for every post, `firebreak policy` for a file of texts. Each kind of finding
is a module: `tone` (slurs, hate, harassment, threats, obscenity, self-harm, by `words` and by what editors taught),
`tragedy`, `secrets`, `personal`, `domains`, `limits`, `topics`.
"""

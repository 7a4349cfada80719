"""Getting a due action to people: whom it concerns, by which roads, and what the ledger says came of it. Pure.

In the flow: `playbooks.running` carries out what is decided here, with the adapters of `playbooks.effects`.
"""

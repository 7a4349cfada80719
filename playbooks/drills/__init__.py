"""Fire drills: what is measured in one, and how it compares with those before.

Contract: pure. What the store, the ledger and the gate know of a drill goes in; seconds come out, and None for whatever
did not happen. The drill itself is run by `streams.drill`, kept by `playbooks.store.drills`.
"""

"""The transactional store: what is decided, what is due, what is held, who said so.

Contract: every function takes an engine (or, inside another's transaction, a connection) and the wall clock in
milliseconds as an argument; it does its work in one short transaction and raises `engine.StoreUnreachable` where the
database does not answer. The incident log and the ledger of deliveries are append-only, refused by the database
itself. Nothing here decides: that is done by the pure modules beside the package.

In the flow: ``respond`` writes signals, incidents, holds and due actions; the runner carries the actions out; the gate
reads holds; the console reads all of it and writes people's words.
"""

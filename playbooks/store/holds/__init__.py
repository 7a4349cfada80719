"""Holds in the store: placed in the transaction that decides, opened by people, each word of theirs in the log."""

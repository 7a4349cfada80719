"""Incidents in the store: signals taken in, the append-only log with its hashes, people's deeds, and posts quoted."""

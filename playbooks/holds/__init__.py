"""Holds on posting, and the posts they held back: what a hold covers, who may open it, what becomes of a post. Pure.

A hold is opened by people and never by time. `playbooks.store.holds` keeps them, `playbooks.gate` goes by them.
"""

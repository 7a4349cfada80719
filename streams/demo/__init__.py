"""``firebreak demo``: the whole system on one machine, and a scripted crisis played through it.

Nothing here is used by a running system. It is a drill: every mention, signal, page and hold of it is marked as one.
"""

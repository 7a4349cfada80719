"""Playbooks as versioned content: files read strictly, held against rules, tried out, released and never edited again.

Contract: `catalog` reads a whole library or says what is wrong with it, with file and line; a released file is proved
by its hash in the lock (`lock_file`). Nothing here knows of incidents or of a store.

In the flow: before it. `firebreak playbook` writes and checks what `playbooks.incidents.plan` goes by.
"""

"""Would this page anyone right now? What is looked at, what it comes to, and what to do about it.

Contract: `look.py` and `ask_channels.py` ask the store, the disk, the rotas and the channels and give facts; every
other module here is pure, from facts, settings and a moment to `Finding`s, and `finding.py` makes one answer of them.
Nothing here changes anything but two: `pulse.py` writes down that a process is alive, `proof.py` sends the test
messages that people confirm.

In the flow: beside it. `firebreak check` and the console's page show the findings; the runner asks the same question of
itself (`alive.py`) and tells a service outside, which pages by another road when it hears nothing.
"""

"""Who is on call: rotas, read from files and calendars, and what they say of any moment.

The arithmetic (`zone`, `stretch`, `rota`, `quiet`, `schedule`, `plan`) takes every moment as an argument and does no
I/O. `rota_file` and `calendar` turn what people wrote into stretches of time with people in them; `feed` gets a
calendar from its server, `aside` reads it in a process of its own, and `keeper` brings both up to date while a process
runs. Whoever wants to know who is on call asks `playbooks.oncall.people.members` with the `Rotas` of that moment.

Moments are milliseconds since 1970 UTC. A stretch holds its first moment and not its last.
"""

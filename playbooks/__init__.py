"""What to do about a signal: incidents, playbooks, pages, holds, and the pages people see.

Contract: a decision (`content`, `incidents`, `armings`, `holds`, `delivery`, `policy`) is a pure function of values and
a time that is handed in; what is decided is written to the store in one transaction; effects are carried out from the
store alone, so nothing due is lost when a process dies. The package knows nothing of Kafka or Faust.

In the flow: a `Signal` comes in from `streams`; ``incidents`` decides, ``store`` writes the incident, its actions and
its hold; ``running`` sends pages and notices by ``effects`` to the people ``oncall`` names; ``gate`` and ``schedulers``
hold posts back; ``console`` shows people what is so; ``readiness`` says whether a page would reach anybody.
"""

"""Arithmetic over time-stamped values: what a mention, a bucket and a signal are, and when one is out of the ordinary.

Contract: nothing here reads a clock, a file, a socket or a topic. Time comes in as an argument, in integer
milliseconds since 1970 UTC (names end in ``_ms``); what comes out are values. The package imports River and nothing
of Firebreak's, so its detectors can be tried, tested and offered elsewhere on their own.

In the flow: ``streams`` decodes records into `Mention`, gathers them into `Cell`, brings the cells of a brand
together as `Bucket`, and shows each to the detectors here, which answer with `Signal`.
"""

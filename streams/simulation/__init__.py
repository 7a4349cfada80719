"""What people say about a brand, simulated: ordinary weeks, every kind of crisis and every kind of harmless peak.

A `Scenario` says what happens; `simulate` tells it as mentions in order of time, `truths` says what a detector is never
shown, `delivered` brings the mentions as sources do: late, twice, an hour at once, or not at all. Everything is a
function of the scenario and its seed. The ordinary stream does not depend on the events in it, nor on how long it is
looked at, so that one history can be followed by many different crises.
"""

"""``firebreak drill``: a fire drill, from the first mention of a simulated crisis to the last acknowledgement.

A drill goes through everything that a crisis goes through, in a system that runs or in one that is started for it. It
is marked from its first record to its last message: its run's name says that it is one, so nobody is reached who did
not agree, no post is held that does not name the run, and no baseline of life is touched.
"""

"""A brand under watch: its series are shown to the detectors, and what they find becomes alarms and signals."""

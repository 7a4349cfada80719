"""The Faust agents: triage, watch, respond, and the trainer. Each body is a few lines: decode, decide, send."""

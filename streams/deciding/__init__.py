"""What triage, watch and the trainer decide, without Kafka: pure state that is handed records and says what to send.

Triage: `gather` makes cells of mentions (`open_cell` is one while its bucket is open), `recent_ids` drops repeats,
`dead_share` tells when rubbish is worth telling, `models` says which version of the text model scores a bucket. Watch:
`closing` makes signals of cells, `watch_state` is what it keeps. The trainer: `lesson`. Batches, clocks and topics are
the agents' business.
"""

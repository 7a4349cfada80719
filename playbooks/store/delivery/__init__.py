"""What is due and what came of it: the outbox with its leases and ledger, and what becomes known of a send later."""

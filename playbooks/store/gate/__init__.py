"""What the gate reads and writes in one transaction: decisions, the sealed audit, texts apart, posts held back."""

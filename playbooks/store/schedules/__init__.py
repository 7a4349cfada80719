"""Posts found in schedulers, what was done about them, and what people say becomes of them."""

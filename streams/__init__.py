"""Mentions in, signals out: the only code that knows Kafka and Faust."""

"""Kafka brokers that start without Docker: the embedded one for trying things, and real Apache Kafka.

Contract: a broker is a child process on a loopback port that was free, ready when the start returns, and ended in
every case: by `Broker.close`, by leaving its ``with`` block, or by its leash when the program that started it is
killed. Nothing here is needed in production, where `kafka.servers` names the cluster there is.

In the flow: ``firebreak demo`` and the quick tests use `embedded`, ``firebreak bench`` and the fault tests `apache`.
"""

"""The commands, one a module: what people type. `streams.cli` lists them and loads only the one that is asked for.

A command reads its options, does its work through the packages below, and says in plain words what came of it.
"""

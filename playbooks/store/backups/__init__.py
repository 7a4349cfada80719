"""A backup of the whole store in one file, taken while it is in use, and put back with a check of every line."""

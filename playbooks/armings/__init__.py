"""How far Firebreak may go for a brand, and planned silence: acts of named people, with a reason. Pure."""

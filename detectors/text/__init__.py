"""How negative a text is: one pass over the text, an online River model behind it."""

"""Who spoke: independent voices instead of posts, copies and floods apart, what they say, in bounded memory."""

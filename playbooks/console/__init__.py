"""The pages for people: what is so, why, and the two things that people do about it here.

Contract: pages are rendered on the server and work without JavaScript; whatever comes from outside is shown as text;
every page is behind a session, every form carries a token of that session. What a person does (acknowledge, agree to a
release) is written to the store under their name and nowhere else.

In the flow: reads incidents, the ledger and holds from the store, which respond and the runner write; the links in
pages and notices lead here.
"""

"""What other programs say to us about messages we sent: a button was pressed, a text arrived, a digit was dialled.

Contract: each service has one module that checks who speaks (a signature over the bytes as they came) and reads what is
said, as pure functions of the request, the secret and the time; `doors.py` is the only part with a store behind it.
What is not signed is answered alike, whatever is wrong with it, and writes nothing. An acknowledgement is by a person
of the settings whom the service names, and ends where one on the console does.
"""

"""What simulated people say: parts of sentences, put together by chance, all invented here."""

from __future__ import annotations

from typing import Final

SUBJECTS: Final = (
    "the app",
    "my order",
    "the new update",
    "customer service",
    "the checkout",
    "my account",
    "the delivery",
    "the website",
    "the branch on main street",
    "the helpline",
    "the subscription",
    "the refund form",
)
NEUTRAL: Final = (
    "does anybody know when {subject} opens on sunday?",
    "just saw an advert for {brand} on the bus",
    "comparing {brand} with two others for my sister",
    "{subject} at {brand} asked me for a new password today",
    "walking past {brand}, quiet morning there",
    "is {subject} at {brand} different in other towns?",
    "reading about {brand} and their plans for next year",
    "switched to {brand} last month, getting used to it",
    "my cousin started working at {brand} this week",
    "question about {subject}: does {brand} ship on holidays?",
)
POSITIVE: Final = (
    "thank you {brand}, {subject} works great now",
    "love how easy {subject} is with {brand} \U0001f60a",
    "really happy with {brand}, {subject} was a nice surprise",
    "shout out to {brand}: friendly, quick and helpful",
    "{subject} at {brand} is the best I have had, well done",
    "wow, {brand} fixed {subject} within an hour. impressed!",
)
NEGATIVE: Final = (
    "{subject} at {brand} is terrible, third time this week",
    "so disappointed with {brand}, {subject} is a mess \U0001f621",
    "{brand} why is {subject} broken again? worst service ever",
    "angry. {brand} lost my money and {subject} is useless",
    "never again {brand}. {subject} failed and nobody cares",
    "{brand} is a joke, {subject} ignored me for two hours, awful",
    "horrible experience with {brand}, {subject} is a scam",
    "{subject} from {brand} is bad and support is rude",
)
CRISIS: Final = (
    "{brand} leaked our data and says nothing, this is a disgrace",
    "my account at {brand} is empty. EMPTY. this is terrible \U0001f92c",
    "is anybody else locked out of {brand}? furious, nobody answers",
    "{brand} data breach and they hide it, shame on them",
    "stay away from {brand}, they lost my money, it is a scandal",
    "worst company ever: {brand} exposed our addresses, I am scared and angry",
    "so {brand} knew about the breach for weeks? disgusting lies",
    "cancelled {brand} today, pathetic excuse after the leak \U0001f621",
    "people are being robbed because of {brand}, this is horrible",
    "{subject} at {brand} is down and our data is stolen, unacceptable failure",
)
OPENERS: Final = ("", "", "", "honestly, ", "hey @{brand} ", "ok so ", "update: ", "right, ", "not sure who to ask, ")
CLOSERS: Final = ("", "", "", " #{brand}", " anyone else?", " smh", " just saying", " today", " again")

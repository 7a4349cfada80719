"""What simulated people say: parts of sentences, put together by chance, all invented here."""

from __future__ import annotations

from typing import Final

SUBJECTS: Final = (
    *("the app", "my order", "the new update", "customer service", "the checkout", "my account", "the delivery"),
    *("the website", "the branch on main street", "the helpline", "the subscription", "the refund form", "the chat"),
    *("the loyalty card", "my invoice", "the gift card", "the pickup point", "the newsletter", "their warranty"),
    *("the price list", "the return label", "the login page", "the parking at the branch", "the autumn collection"),
)
WHENS: Final = (
    *("today", "this morning", "last night", "on monday", "since yesterday", "over the weekend", "an hour ago"),
    *("again", "this week", "after work", "at lunch", "for the second time", "since the update", "on the way home"),
)
WHOS: Final = (
    *("my sister", "a friend", "my boss", "the neighbours", "my dad", "half the office", "a colleague", "my flatmate"),
    *("the whole family", "someone in my team", "an old friend", "my mum"),
)
NUMBERS: Final = ("two", "three", "four", "five", "six", "eight", "ten", "twelve", "twenty", "forty")
THINGS: Final = (
    *("the email", "the form", "the small print", "the voucher", "the queue", "the packaging", "the manual"),
    *("the receipt", "the callback", "the new colours", "the opening hours", "the confirmation", "the advert"),
)
NEUTRAL: Final = (
    "does anybody know when {subject} opens on sunday?",
    "just saw an advert for {brand} on the bus",
    "comparing {brand} with two others for {who}",
    "{subject} at {brand} asked me for a new password {when}",
    "walking past {brand}, quiet morning there",
    "is {subject} at {brand} different in other towns?",
    "reading about {brand} and their plans for next year",
    "switched to {brand} last month, getting used to it",
    "{who} started working at {brand} this week",
    "question about {subject}: does {brand} ship on holidays?",
    "{brand} has {number} branches in our town now",
    "{who} asked me about {subject} {when}",
    "looking for {thing} from {brand}, where did they put it?",
    "waiting at {brand} with {who}, number {number} in the line",
    "{brand} moved {subject} to another floor {when}",
    "so {subject} at {brand} comes in {number} sizes",
    "which one do you use, {brand} or the other one? asking for {who}",
    "got {thing} from {brand} {when}",
    "{brand} wrote to me about {subject}, have to read it {when}",
    "they are filming something outside {brand} {when}",
    "how do I change {subject} with {brand}?",
    "{who} says {brand} will have {thing} in {number} days",
    "on hold music at {brand} is the one from the nineties",
    "note to self: ask {brand} about {thing}",
)
POSITIVE: Final = (
    "thank you {brand}, {subject} works great now",
    "love how easy {subject} is with {brand} \U0001f60a",
    "really happy with {brand}, {subject} was a nice surprise",
    "shout out to {brand}: friendly, quick and helpful",
    "{subject} at {brand} is the best I have had, well done",
    "wow, {brand} fixed {subject} within an hour. impressed!",
    "{who} and I love {brand}, {subject} made our day",
    "so good to talk to a kind person at {brand} {when}, thanks",
    "great idea {brand}: {thing} is perfect now \u2764\ufe0f",
    "{brand} sent {thing} {when} without being asked. lovely people",
    "cannot say enough good things about {subject} at {brand}",
    "enjoyed {brand} {when}, {who} was delighted",
    "best {number} minutes of my day: {subject} at {brand} \U0001f60d",
    "proud to have worked with {brand}, wonderful team",
    "excellent support from {brand} {when}, thank you so much",
    "{brand} gets it right, {subject} is clean and fast",
)
#: Kind words that no word list knows.
QUIET_PRAISE: Final = (
    "{brand} picked up on the first ring {when}",
    "{subject} from {brand} came two days early",
    "my parcel from {brand} was at the door before I was",
    "{number} years with {brand} and I would do it over",
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
    "{who} hates {subject} at {brand} and so do I",
    "annoyed with {brand} {when}, {thing} was wrong and they blame me",
    "{brand} this is ridiculous, {subject} crashed {when}",
    "sick of {brand}: {subject} is slow, ugly and broken",
    "poor, {brand}, really poor. {thing} was a lie",
    "{number} complaints to {brand} and still a terrible {thing}",
    "shame on you {brand}, {subject} cheated {who}",
    "I am fed up with {brand}, {subject} fails {when}",
    "what a waste of time, {brand}. {thing} was useless \U0001f612",
    "the rude man at {brand} ruined my evening {when}",
)
#: Complaints without an angry word, which word lists are weak on.
PLAIN_COMPLAINTS: Final = (
    "been on hold with {brand} for {number} hours now",
    "still waiting for {subject} from {brand}, {number} weeks",
    "{brand} charged me twice {when}",
    "{number} emails to {brand} and not one answer",
    "{brand} cancelled {subject} {when} without telling me",
    "great, {subject} at {brand} is down. of course it is",
    "where is {thing}, {brand}? you said {number} days",
    "{brand} hung up on {who} {when}",
    "so {brand} wants {number} forms before they give my money back",
    "thanks {brand}, now I get to stand here {when} as well",
)
#: In a crisis many say the same thing in words of their own, so its sentences have more places to fill.
LEAKED: Final = ("leaked", "exposed", "lost", "published", "sold", "gave away", "mislaid", "let thieves have")
DATA: Final = (
    *("our data", "my address", "our passwords", "my card number", "all our accounts", "my savings", "our names"),
    *("my medical file", "the customer list", "my whole order history", "our phone numbers", "my bank details"),
)
BAD: Final = (
    *("disgrace", "scandal", "nightmare", "disaster", "horrible mess", "shame", "crime", "terrible failure"),
    *("pathetic show", "awful thing", "betrayal", "catastrophe"),
)
ANGRY: Final = ("furious", "so angry", "scared", "disgusted", "really upset", "worried sick", "appalled", "outraged")
LIES: Final = (
    *("says nothing", "hides it", "blames us", "lies to everybody", "shrugs", "stays silent", "tells fairy tales"),
    *("pretends all is fine", "sends a robot", "plays it down"),
)
CRISIS: Final = (
    "{brand} {leaked} {data} and {lies}, what a {bad}",
    "{data}, gone. {angry}, {brand} {lies} \U0001f92c",
    "{who} is {angry}: {brand} {leaked} {data} {when}",
    "is anybody else {angry} with {brand}? they {leaked} {data}",
    "{brand} breach is a {bad}, {who} has lost {data}",
    "stay away from {brand}, a {bad}, {leaked} {data}",
    "worst company ever: {brand} {leaked} {data}, I am {angry}",
    "so {brand} knew {when} that they {leaked} {data}? a {bad}",
    "cancelled {brand} {when}, {angry} about {data} \U0001f621",
    "{number} friends robbed because {brand} {leaked} {data}, {bad}",
    "{angry} here, {subject} at {brand} is down and {data} stolen",
    "{who} cried {when}, {brand} {leaked} {data} and {lies}",
    "{when} they {leaked} {data}, and {brand} {lies}. a {bad}",
    "I trusted {brand} with {data}. {angry}, it is a {bad}",
    "a {bad}, {brand}! {data} on some forum {when}",
    "{lies}: that is {brand} after they {leaked} {data}. {bad}",
    "{number} calls, nobody helps, {data} stolen at {brand}, {angry}",
    "hackers have {data} from {brand}. {who} is {angry} too",
    "{subject} hacked {when}, {data} gone, {brand} {lies}, {bad}",
    "this {brand} {bad} gets worse, now {data} as well, {angry}",
)
#: The same anger without angry words.
PLAIN_CRISIS: Final = (
    "{number} payments I never made {when}, all through {brand}",
    "why is {data} from {brand} on some forum {when}?",
    "{brand} has not said one word to {who} about {data}",
    "had to close my bank account {when} because of {brand} and {subject}",
    "is anybody at {brand} going to tell {who} about {data}?",
)
PRAISE: Final = (
    "what {brand} did for that little boy {when} is beautiful \u2764\ufe0f",
    "crying happy tears at the {brand} story, wonderful people",
    "this is how you do it. well done {brand}, truly kind",
    "I love this so much, thank you {brand}",
    "faith in people restored by {brand} \U0001f60a",
    "{who} showed me the {brand} video, brilliant",
    "respect, {brand}. best thing I saw {when}",
    "hero of the day works at {brand}, amazing",
    "every company should be as good as {brand} {when}",
    "give that {brand} driver a medal, lovely",
    "sharing this because {brand} deserves it, great work",
    "the {brand} team waited {number} hours with her. how sweet",
)
GIVEAWAY: Final = (
    "entering the {brand} giveaway, fingers crossed \U0001f60a",
    "I would love to win {subject} from {brand}! #win",
    "pick me {brand}, {who} would be so happy",
    "done, followed and shared {brand}, good luck everyone",
    "{brand} is giving away {number} of these, hope I win",
    "tagging {who} for the {brand} prize \U0001f389",
    "what a great prize {brand}, count me in",
    "liked and shared, {brand} #giveaway",
)
NEWS: Final = (
    "{brand} names a new head of {subject}",
    "{brand} to open {number} branches next year",
    "reading the report on {brand}, {number} pages",
    "{brand} and a rival talk about a merger, says the paper",
    "analysts on {brand}: {number} things to know",
    "{brand} moves its head office, {who} told me",
    "what does the {brand} news mean for {subject}?",
    "shares of {brand} were {number} points up {when}",
    "{brand} publishes its figures {when}",
    "press conference of {brand} on {subject} {when}",
    "so {brand} buys {number} of them, interesting",
)
FLOOD: Final = (
    "BOYCOTT {brand} now! they steal from {number} million people, read the truth about {brand} here",
    "{brand} is a scam and {who} knows it, share this before {brand} deletes it, stop {brand}",
)
OPENERS: Final = (
    *("", "", "", "", "", "honestly, ", "hey @{brand} ", "ok so ", "update: ", "right, ", "not sure who to ask, "),
    *("fyi: ", "lol ", "well, ", "morning all, ", "listen, ", "btw ", "hm, ", "so ", "@{brand} "),
)
CLOSERS: Final = (
    *("", "", "", "", "", " #{brand}", " anyone else?", " smh", " just saying", " ok", " tbh", " fwiw", "..."),
    *(" asking for a friend", " that is all", " @{brand}", " \U0001f937", " good night", " as always"),
)

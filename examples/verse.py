"""Verse without end, made by a small grammar: what the examples of text learn from.

    python examples/verse.py        prints some

Speakers in turn say couplets of five iambs, and the two lines of a couplet rhyme. Whether a text
could have come from the grammar can be checked, and so what a net has learned of it.
"""

import math
import random
import re

SPEAKERS = ["OSRIC", "MERRIN", "THE FOOL", "A WATCHMAN", "THE QUEEN"]
#: words that end a line, by their rhyme
RHYMES = [
    "night light sight might knight".split(),
    "heart part chart dart".split(),
    "king ring spring wing thing".split(),
    "crown town gown frown".split(),
    "stone throne bone moan".split(),
    "day way clay play".split(),
    "breath death".split(),
    "sleep deep keep".split(),
    "sword lord word hoard".split(),
]
ENDS = [word for group in RHYMES for word in group]
WORDS = {
    "noun": "love moon rose storm ghost star hope grief child flame vow wolf grave wind".split(),
    "many": "kings storms fools stars wolves ghosts thieves lords winds hounds".split(),
    "long": "silver weary golden gentle bitter hollow faithful broken lonely mortal".split(),
    "short": "blind cold proud false bright still pale true".split(),
    "verb": "break guard seek mourn crave keep curse serve burn praise".split(),
    "whose": "my thy his her our".split(),
    "where": ["upon", "within", "beneath", "beyond", "against"],
    "end": ENDS,
}
LINES = [
    "The {long} {noun} doth {verb} {whose} {long} {end}",
    "I {verb} thy {noun} as {many} do {verb} the {end}",
    "And {verb}, O {noun}, {where} {whose} {long} {end}",
    "No {long} {noun} shall {verb} {whose} {noun} and {end}",
    "If {noun} be {short}, who then shall {verb} the {end}",
    "Then {verb} me, {noun}, and let me {verb} the {end}",
    "So {short} a {noun}, so {short} and {long} a {end}",
]
_FORM = re.compile("{(.*?)}")


def _matcher(line):
    """The pattern of all lines that this one can become."""
    parts = _FORM.split(line)  # text, name, text, name, ...
    ways = ["|".join(map(re.escape, WORDS[name])) for name in parts[1::2]]
    return "".join(re.escape(t) + f"(?:{w})" for t, w in zip(parts[::2], ways, strict=False))


PATTERN = re.compile("|".join(f"(?:{_matcher(line)})[,.;!]" for line in LINES))


def speech(rng):
    """A speaker and one to three couplets."""
    out = [rng.choice(SPEAKERS) + ":"]
    for _ in range(rng.randint(1, 3)):
        pair = rng.sample(rng.choice(RHYMES), 2)
        for end, stop in zip(pair, (",", rng.choice(".;!")), strict=True):
            choose = {"end": end}
            line = _FORM.sub(
                lambda m, end=choose: end.get(m[1]) or rng.choice(WORDS[m[1]]), rng.choice(LINES)
            )
            out.append(line + stop)
    return "\n".join(out) + "\n\n"


def write(letters, seed):
    """A text of at least so many letters."""
    rng = random.Random(seed)
    parts, size = [], 0
    while size < letters:
        parts.append(speech(rng))
        size += len(parts[-1])
    return "".join(parts)


def entropy():
    """Nats per letter: what no net can do better than, on average, on a text without end."""
    chosen = [[len(WORDS[n]) for n in _FORM.findall(line) if n != "end"] for line in LINES]
    line = math.log(len(LINES)) + sum(math.log(c) for row in chosen for c in row) / len(LINES)
    ends = sum(math.log(len(g) * (len(g) - 1)) for g in RHYMES) / len(RHYMES)
    couplet = math.log(len(RHYMES)) + ends + math.log(3) + 2 * line
    text = write(200_000, 0)  # a speech has two couplets on average
    return (math.log(len(SPEAKERS)) + math.log(3) + 2 * couplet) * text.count("\n\n") / len(text)


def rhyme(line):
    """The number of the group that a line's last word rhymes with; None for no word of ours."""
    words = re.findall(r"[A-Za-z]+", line)
    return next((i for i, group in enumerate(RHYMES) if words and words[-1] in group), None)


def check(text):
    """(lines, those that the grammar could have written, couplets, those that rhyme), from the
    first whole speech to the last; names of speakers are not lines."""
    lines = good = couplets = rhymed = 0
    for block in text.split("\n\n")[1:-1]:
        verses = block.split("\n")[1:]
        lines += len(verses)
        good += sum(PATTERN.fullmatch(line) is not None for line in verses)
        for first, second in zip(verses[::2], verses[1::2], strict=False):
            couplets += 1
            rhymed += rhyme(first) is not None and rhyme(first) == rhyme(second)
    return lines, good, couplets, rhymed


if __name__ == "__main__":
    print(write(900, 1))

"""What judges of responses may say, and why; and the count of what one has said."""

from collections import Counter

from httplint import levels

EXEMPT = {
    "CREATED_WITHOUT_LOCATION": "RFC 9110 15.3.2: without a Location the target URI says what was "
    "made. A POST answers 201 unless its author says more, and whether there is a resource only "
    "the author knows.",
    "STATUS_BAD_REQUEST": "These requests are bad.",
    "DEPRECATION_PAST": "This is what the operation shows.",
    "FRESHNESS_HEURISTIC": "How long an answer stays fresh is for its author to say, in a declared "
    "Cache-Control. A cache guesses only where there is a Last-Modified, an author's too.",
    "FRESHNESS_NO_CACHE_NO_VALIDATOR": "The docs page: it is fetched anew at each visit, so that "
    "nobody reads that of an older version.",
    "STORE_PUBLIC_UNNECESSARY": "The assets of the docs page: `public` lets a shared cache keep "
    "them where a proxy asks for credentials (RFC 9111 3.5). They are the same for everybody.",
    "CSP_UNSAFE_INLINE": "Scalar writes its styles into the page; ours and Swagger UI do without.",
}
"""By the judges' name for it, why it is no fault here. All else that is bad or a warning fails."""

JUDGED = {levels.BAD, levels.WARN}


class Verdict:
    """What one judge has said so far."""

    def __init__(self, judge):
        self.judge = judge
        self.responses = 0
        self.levels = Counter()
        self.exempt = Counter()
        self.faults = {}

    def hear(self, exchange, notes):
        """The notes about one response."""
        self.responses += 1
        for note in notes:
            name = type(note).__name__
            self.levels[note.level] += 1
            if note.level in JUDGED and name in EXEMPT:
                self.exempt[name] += 1
            elif note.level in JUDGED:
                self.fault(exchange, f"{name}: {note}")

    def fault(self, exchange, what):
        """Something is wrong, whoever says so; each thing is told once, where it was first seen."""
        self.faults.setdefault(what, exchange)

    def close(self):
        """An exemption that nobody needs any more is wrong too."""
        for name in EXEMPT.keys() - self.exempt.keys():
            self.fault("verdict.py", f"{name} is exempt, and nothing needs it")

    def told(self):
        """The verdict in words, and whether all is well."""
        counts = ", ".join(f"{self.levels[level]} {level.value}" for level in levels)
        exempt = ", ".join(f"{name} {count}" for name, count in sorted(self.exempt.items()))
        head = f"{self.judge}: {self.responses} responses, {counts}; {len(self.faults)} faults"
        faults = [f"  {exchange}: {what}" for what, exchange in self.faults.items()]
        return "\n".join([head, f"  exempt: {exempt}", *faults]), not self.faults


def flat(notes):
    """Notes, and the notes below them."""
    return [each for note in notes for each in (note, *note.subnotes)]

# SPDX-License-Identifier: Apache-2.0
"""A case: one way past us, and what must come of it."""
import dataclasses
import re
import typing

from . import canary, wire
from .world import DATABASES

REFUSED = "refused"  # by Sluice; nothing of it reached the server
HELD = "held"        # waits for a person
MASKED = "masked"    # rows came, with masks in them
CLEAN = "clean"      # it ran, and said nothing that it must not
FAILED = "failed"    # the server raised an error, and that told nothing

# How one statement is sent. COPY is only for what is a query.
FORMS = {
    "simple": wire.query,
    "extended": wire.extended,
    "binary": lambda text: wire.extended(text, binary=True),
    "undescribed": lambda text: wire.extended(text, described=False),
    "undescribed binary": lambda text: wire.extended(text, binary=True, described=False),
    "portions": lambda text: wire.parse(text) + wire.bind() + wire.describe("P") + wire.execute(rows=1) * 4 + wire.sync(),
    "copy": lambda text: wire.query(f"COPY ({text}) TO STDOUT"),
    "copy csv": lambda text: wire.query(f"COPY ({text}) TO STDOUT (FORMAT csv)"),
    "copy binary": lambda text: wire.query(f"COPY ({text}) TO STDOUT (FORMAT binary)"),
    "cursor": lambda text: wire.query(f"BEGIN; DECLARE c CURSOR FOR {text}; FETCH 2 FROM c; FETCH ALL FROM c; COMMIT"),
    "prepared": lambda text: wire.query(f"PREPARE p AS {text}; EXECUTE p; EXECUTE p"),
}
# COPY reads the catalogue each time, which takes a moment.
QUERY = tuple(form for form in FORMS if not form.startswith("copy") and form != "undescribed")
EVERY = tuple(FORMS)
STATEMENT = ("simple", "extended", "undescribed binary")
# Sent to both databases; the other forms are about the protocol, which does not care.
TWINS = ("simple", "undescribed binary")
# Leaves nothing behind in its connection, so the next one may have it.
HARMLESS = re.compile(r"\(*(SELECT|WITH|VALUES|TABLE|COPY|EXPLAIN|UPDATE|INSERT|DELETE)\b(?!.*(set_config|lock|setseed|INTO|;))", re.I | re.S)


@dataclasses.dataclass
class Case:
    row: str                       # key of classes.ALL
    what: str                      # a text of SQL, or the name of a function's case
    expect: tuple                  # outcomes that are right
    agent: str = "writer"
    forms: tuple = ("simple",)
    steps: typing.Callable = None  # takes a Bench, gives the outcome; for what a table cannot say
    before: str = ""               # allowed statements that come first
    twins: bool = True             # must look the same in both databases

    def name(self):
        return f"{self.row}: {' '.join(self.what.split())[:110]}"


class Cases(list):
    """The cases of a module. `expect` and `agent` are what case() takes where nothing is said."""

    def __init__(self, cases=(), expect=None, agent="reader"):
        super().__init__(cases)
        self.expect, self.agent = expect, agent

    def case(self, row, what, expect=None, agent=None):
        """Of a function that takes a Bench and gives the outcome."""
        def take(steps):
            self.append(Case(row, what, expect or self.expect, agent=agent or self.agent, steps=steps))
            return steps
        return take


def outcome_of(reply):
    if reply.held:
        return HELD
    if reply.refused():
        return REFUSED
    if reply.timeout:
        return "timeout"
    if reply.errors():
        return FAILED
    if reply.closed:
        return "closed"
    cells = [cell for row in reply.rows() for cell in row]
    # A type that no mask is known for becomes NULL, which each format of COPY has its own way for.
    if None in cells or re.search(rb"\\N|(^|[,;\n])([,;\n])|\xff\xff\xff\xff", reply.copied()):
        return MASKED
    whole = (b"", b"{}", b"0", b"f", b"\\x", b"\0", b"\0" * 4, b"\0" * 8, b"2000-01-01", b"empty", b"(0,0)", b"$0.00", b"00:00:00", b"0.0.0.0", b"0/0", b"-")
    masked = any(cell in whole or b"[redacted]" in cell or cell.startswith((b"\0" * 8, b"2000-01-01")) for cell in cells)
    return MASKED if masked or b"[redacted]" in reply.copied() else CLEAN


class Bench:
    """Runs one case, and looks at everything that it brought."""

    def __init__(self, world, case):
        self.world, self.case = world, case
        self.problems, self.conversations = [], []

    def open(self, agent=None, database="shop", **parameters):
        conversation = self.world.open(agent or self.case.agent, database, **parameters)
        self.conversations.append(conversation)
        return conversation

    def text(self, text):
        return text.replace("{marker}", str(self.world.marker))

    def run(self):
        """Outcomes by form."""
        everything = self.case.agent == "reader"
        before = self.world.state(everything)
        outcomes = {}
        try:
            if self.case.steps:
                outcomes["steps"] = self.case.steps(self)
                if outcomes["steps"] not in self.case.expect:
                    self.problems.append(f"{outcomes['steps']}, not {' or '.join(self.case.expect)}: {[c.said.short() for c in self.conversations]}")
            else:
                for form in self.case.forms:
                    outcomes[form] = self._one(form)
        finally:
            for conversation in self.conversations:
                self.look_at(conversation.said)
                conversation.close()
        after = self.world.state(everything)
        if after != before:
            self.problems.append(f"something changed that must not change: {before} {after}")
            self.world.repair()
        if self.world.marker.exists():
            self.problems.append("a file of the server's was written")
            self.world.marker.unlink()
        return outcomes

    def _one(self, form):
        replies = self._say(form)
        if self._differ(replies):
            # What changed rows in one database alone has moved them, and they come in the order in which they lie.
            self.world.put_in_order()
            replies = self._say(form)
        if self._differ(replies):
            self.problems.append(f"{form}: the two databases answer differently:\n{replies[0].short()}\n{replies[1].short()}")
        outcome = outcome_of(replies[0])
        if outcome not in self.case.expect:
            self.problems.append(f"{form}: {outcome}, not {' or '.join(self.case.expect)}: {replies[0].short()}")
        return outcome

    @staticmethod
    def _differ(replies):
        return len(replies) == 2 and not replies[0].held and replies[0].comparable() != replies[1].comparable()

    def _say(self, form):
        """What each database answers, or the first alone where one is enough."""
        replies = []
        fresh = self.case.before or form in ("prepared", "cursor") or not HARMLESS.match(self.case.what)
        for database in DATABASES if self.case.twins and form in TWINS else DATABASES[:1]:
            conversation = self.open(database=database) if fresh else self.borrow(database)
            if self.case.before:
                first = conversation.query(self.case.before)
                if first.errors() or first.held:
                    self.problems.append(f"what comes first did not run: {self.case.before}: {first.errors()}")
            replies.append(conversation.talk(FORMS[form](self.text(self.case.what))))
            if fresh:
                conversation.query("ROLLBACK")
            else:
                conversation.said = replies[-1]
            self.look_at(replies[-1])
        return replies

    def borrow(self, database):
        """A connection that other cases have, too."""
        kept = self.world.kept.get((self.case.agent, database))
        if kept is None or kept.ended:
            kept = self.world.kept[self.case.agent, database] = self.world.open(self.case.agent, database)
        return kept

    def look_at(self, reply):
        found = canary.find_in_reply(reply)
        if found:
            self.problems.append(f"{found} arrived: {reply.short()}")

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks for a leak with statements and pipelines at random: each goes to two databases that differ in sensitive values alone, and whatever an
agent can see of the answers must be the same. A find is printed with what repeats it: --seed N --only NUMBER."""
import argparse
import collections
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from bypass import canary, cases, grammar, pipelines, wire  # noqa: E402
from bypass.sqlsmith import TELLS_WHERE, Sqlsmith  # noqa: E402
from bypass.world import DATABASES, World  # noqa: E402

# So few of them may be refused, held or fail that the search still looks at rows.
ANSWERED_SHARE_MIN = 0.35


# Of the searches, so many are a pipeline, and a statement by sqlsmith, instead of one of our grammar in one of the forms.
PIPELINES = 0.15
BY_SQLSMITH = 0.15


def search_of(seed, number, sqlsmith):
    """The form, a text for people, the bytes, and how many ReadyForQuery answer them."""
    dice = random.Random(f"{seed}:{number}")
    if dice.random() < BY_SQLSMITH:
        text = sqlsmith.statement(number)
        return "sqlsmith", text, wire.query("BEGIN") + wire.query(text) + wire.query("ROLLBACK"), 3
    if dice.random() < PIPELINES:
        data, readies, text = pipelines.pipeline(dice, lambda: grammar.Grammar(dice).statement()[0])
        return "pipeline", text, data, readies
    text, is_query = grammar.Grammar(dice).statement()
    form = dice.choice(["simple", "simple", "extended", "binary", "undescribed", "undescribed binary", "portions"] + (["cursor", "prepared"] if is_query else []))
    if is_query and dice.random() < 0.02:
        form = dice.choice(["copy", "copy csv", "copy binary"])
    if grammar.is_several(text):
        form = "simple"
    return form, text, cases.FORMS[form](text), 1


class Search:
    def __init__(self, world):
        self.world = world
        self.connections = {}
        self.counts = collections.Counter()

    def talk(self, database, data, readies=1):
        connection = self.connections.get(database)
        if connection is None or connection.ended:
            connection = self.connections[database] = self.world.open("writer", database)
        reply = connection.talk(data, readies=readies)
        connection.said = reply
        return reply

    def begin_anew(self):
        """What the connections remember may differ now."""
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()

    def look_at(self, form, text, data, readies):
        """What is wrong with the answers, or None."""
        replies = []
        for database in DATABASES:
            replies.append(self.talk(database, data, readies))
            # PREPARE and a failed transaction stay; all of it goes.
            self.talk(database, wire.query("ROLLBACK"))
            if form == "pipeline":
                self.talk(database, wire.query("RESET ALL"))
            if form in ("prepared", "pipeline"):
                self.talk(database, wire.query("DEALLOCATE ALL"))
        # What functions left there, which goes; nobody else writes to it.
        left = [self.world.ask_direct("DELETE FROM notes WHERE id > 2 RETURNING id", database) for database in DATABASES]
        outcome = cases.outcome_of(replies[0])
        self.counts[outcome] += 1
        found = canary.find_in_reply(replies[0])
        if found:
            return f"{found} arrived: {replies[0].short()}"
        if any(reply.timeout or reply.closed for reply in replies):
            self.begin_anew()
            return f"the connection ended: {[reply.short() for reply in replies]}"
        if replies[0].held or replies[1].held:
            # What stands behind a failure is judged, or known to be skipped, by when the failure is heard of.
            if form == "pipeline":
                self.begin_anew()
                return None
            return None if replies[0].held and replies[1].held else "held in one database only"
        if left[0] != left[1]:
            return f"one database has rows that the other has not: {left}"
        failed = [bool(reply.errors()) for reply in replies]
        if any(failed):
            # That a computation fails for one value and not for another tells of it: THREAT_MODEL.md, inference.
            codes = [[error["C"] for error in reply.errors()] for reply in replies]
            if not all(failed) or codes[0] != codes[1]:
                self.counts["errors that differ"] += 1
                self.begin_anew()
                return None
            # Who says it, and how much of it may be shown, hangs on the same.
            if form == "pipeline":
                return None
            # How far it came before it failed is the same thing.
            texts = [[message for message in reply.comparable() if message[0] in "EN"] for reply in replies]
            if texts[0] == texts[1] or self.varies(form, text, replies[0], data, readies):
                return None
            return f"errors differ:\n{texts[0]}\n{texts[1]}"
        if replies[0].comparable() != replies[1].comparable():
            if self.varies(form, text, replies[0], data, readies) or self.lies_otherwise(form, data, readies):
                return None
            return f"the databases answer differently:\n{replies[0].short()}\n{replies[1].short()}"
        return None

    def lies_otherwise(self, form, data, readies):
        """A statement that failed in one database only has left dead rows in the other, and by a table's size the server chooses
        in what order it joins. Where a row lies hangs on what the server had pruned when it was changed last. With the same rows in
        the same places of both the answers have to be the same."""
        if form == "pipeline":
            return False
        replies = []
        for database in DATABASES:
            for table in ("people", "orders", "notes"):
                self.world.ask_direct(f"CLUSTER {table} USING {table}_pkey", database)
            self.world.ask_direct("ANALYZE people, orders, notes", database)
            replies.append(self.talk(database, data, readies))
            self.talk(database, wire.query("ROLLBACK"))
            if form == "prepared":
                self.talk(database, wire.query("DEALLOCATE ALL"))
        if replies[0].comparable() != replies[1].comparable():
            return False
        self.counts["in another order for other places"] += 1
        return True

    def varies(self, form, text, reply, data, readies):
        """From call to call, or from one database to another: our own grammar has no such functions."""
        if form != "sqlsmith":
            return False
        if not TELLS_WHERE.search(text) and self.talk(DATABASES[0], data, readies).comparable() == reply.comparable():
            return False
        self.counts["varied"] += 1
        return True


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--only", type=int, help="the number of one statement")
    options.add_argument("--go-on", action="store_true", help="print finds and go on")
    options = options.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10 ** 9)
    print(f"seed {seed}", flush=True)
    # Whoever stops the search leaves nothing behind.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit("stopped"))
    world, finds, number = World(), 0, 0
    try:
        search = Search(world)
        sqlsmith = Sqlsmith(world, seed)
        end = time.monotonic() + options.seconds
        numbers = [options.only] if options.only is not None else iter(int, 1)
        for _ in numbers:
            number = options.only if options.only is not None else number + 1
            form, text, data, readies = search_of(seed, number, sqlsmith)
            wrong = search.look_at(form, text, data, readies)
            if options.only is not None:
                print(f"{form}: {text}\n{dict(search.counts)}")
            if wrong:
                finds += 1
                print(f"FOUND --seed {seed} --only {number} ({form})\n  {text}\n  {wrong}", flush=True)
                if not options.go_on:
                    break
            if time.monotonic() > end:
                break
    finally:
        world.close()
    answered = search.counts[cases.MASKED] + search.counts[cases.CLEAN]
    print(f"{number} statements: {', '.join(f'{count} {what}' for what, count in sorted(search.counts.items()))}; "
          f"{answered / max(1, number):.0%} ran and were compared")
    if finds:
        sys.exit(1)
    if options.only is None and answered < ANSWERED_SHARE_MIN * number:
        sys.exit(f"too few of them ran: under {ANSWERED_SHARE_MIN:.0%}")


if __name__ == "__main__":
    main()

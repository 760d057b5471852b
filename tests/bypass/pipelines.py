# SPDX-License-Identifier: Apache-2.0
"""Messages in an order that no driver would send, over statements at random. Pure: the same Random gives the same bytes. Of few
names, so that statements and portals are replaced, closed, described late and executed again."""
from . import wire

STATEMENTS = ("", "", "a", "b")
PORTALS = ("", "", "p", "q")
# What changes how the others are read, or whether they are still there.
BETWEEN = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "ROLLBACK TO s", "SET LOCAL search_path = private, public", "SET search_path = public",
           "RESET search_path", "DEALLOCATE ALL", "CLOSE ALL", "SET LOCAL extra_float_digits = 0", "SELECT 1", "", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN",
           "SET standard_conforming_strings = off", "SET standard_conforming_strings = on", "SET LOCAL standard_conforming_strings = off",
           "SET LOCAL standard_conforming_strings = on", "SELECT set_config('standard_conforming_strings', 'on', true)")
# Alike to look at, but not to mask; one that fails; and texts that are others under other settings.
FIXED = ("SELECT upper(ssn), 1 FROM public.people ORDER BY id", "SELECT upper(name), 1 FROM public.people ORDER BY id", "SELECT nosuch FROM public.people",
         "SELECT '\\' , ' , upper(ssn) AS x FROM public.people -- '", "SELECT upper(ssn), '\\', 1 FROM public.people")
MESSAGES_MAX = 14


def pipeline(random, statement):
    """The bytes, how many ReadyForQuery answer them, and a text for people. `statement()` gives one of the grammar's."""
    data, readies, said = b"", 0, []

    def text():
        roll = random.random()
        return random.choice(BETWEEN) if roll < 0.3 else random.choice(FIXED) if roll < 0.6 else statement()

    def add(what, message):
        nonlocal data
        data += message
        said.append(what)

    def parse():
        name, words = random.choice(STATEMENTS), text()
        add(f"Parse {name!r} {words}", wire.parse(words, name))
        return name

    def bind(name=None):
        name, portal = random.choice(STATEMENTS) if name is None else name, random.choice(PORTALS)
        formats = random.choice([(), (0,), (1,)])
        add(f"Bind {portal!r} to {name!r} {formats}", wire.bind(name, portal, formats=formats))
        return portal

    def describe():
        kind = random.choice("SP")
        name = random.choice(STATEMENTS if kind == "S" else PORTALS)
        add(f"Describe {kind} {name!r}", wire.describe(kind, name))

    def execute(portal=None):
        portal, rows = random.choice(PORTALS) if portal is None else portal, random.choice([0, 0, 1, 2])
        add(f"Execute {portal!r} {rows}", wire.execute(portal, rows))

    def close():
        kind = random.choice("SP")
        name = random.choice(STATEMENTS if kind == "S" else PORTALS)
        add(f"Close {kind} {name!r}", wire.close(kind, name))

    def whole():
        execute(bind(parse()))

    # After a failure the server skips what comes before the next Sync, so a Query stands behind one only.
    at_start = True
    for _ in range(random.randint(3, MESSAGES_MAX)):
        if at_start and random.random() < 0.25:
            words = "; ".join(text() for _ in range(random.randint(1, 3)))
            add(f"Query {words}", wire.query(words))
            readies += 1
            continue
        step = random.choice([whole, whole, whole, parse, bind, describe, describe, execute, execute, close, "sync", "flush"])
        at_start = step == "sync"
        if step == "sync":
            add("Sync", wire.sync())
            readies += 1
        elif step == "flush":
            add("Flush", wire.flush())
        else:
            step()
    add("Sync", wire.sync())
    return data, readies + 1, "\n  ".join(said)

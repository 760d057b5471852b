# SPDX-License-Identifier: Apache-2.0
"""Why the server did something that the text of a statement does not say, as far as its catalogue and its log prove it."""
import re

# The queries by which PostgreSQL's own foreign keys check: their names are all quoted, and nobody else writes so. What they
# delete and update is the statement's.
FOREIGN_KEY = re.compile(r'^"?(SELECT 1 FROM (ONLY )?""?[^ ]+ x\b|SELECT (fk|pk)\.)')

# What runs when it is used later was judged when it was sent.
DECLARED = re.compile(r'"?\s*(declare|prepare)\b', re.I)

# The tables that a statement names, those above, below and behind them, and those that foreign keys reach.
REACHED = """
WITH RECURSIVE named(oid) AS (
  SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = ANY (%(names)s::pg_catalog.text[])
), edge(a, b) AS (
  SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits UNION ALL SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits
  UNION ALL SELECT confrelid, conrelid FROM pg_catalog.pg_constraint WHERE contype = 'f'
  UNION ALL SELECT r.ev_class, d.refobjid FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d ON d.objid = r.oid
    AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
), reached(oid) AS (SELECT oid FROM named UNION SELECT edge.b FROM reached JOIN edge ON edge.a = reached.oid)
"""
HAS_TRIGGER = REACHED + """SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger t JOIN reached r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal)"""
HAS_EVENT_TRIGGER = "SELECT EXISTS (SELECT FROM pg_catalog.pg_event_trigger)"
# Of defaults, checks, indexes, partition keys, policies, and the types of columns.
HAS_FUNCTION = REACHED + """, objects(classid, objid) AS (
  SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass::pg_catalog.oid, a.oid FROM pg_catalog.pg_attrdef a JOIN reached r ON r.oid = a.adrelid
  UNION SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, c.oid FROM pg_catalog.pg_constraint c JOIN reached r ON r.oid = c.conrelid
  UNION SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid FROM pg_catalog.pg_index i JOIN reached r ON r.oid = i.indrelid
  UNION SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, r.oid FROM reached r
  UNION SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, p.oid FROM pg_catalog.pg_policy p JOIN reached r ON r.oid = p.polrelid
  UNION SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid FROM pg_catalog.pg_rewrite w JOIN reached r ON r.oid = w.ev_class
  UNION SELECT 'pg_catalog.pg_opclass'::pg_catalog.regclass, o.oid FROM pg_catalog.pg_opclass o WHERE o.oid >= 16384
  UNION SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, c.oid FROM pg_catalog.pg_constraint c WHERE c.contypid <> 0
)
SELECT EXISTS (SELECT FROM pg_catalog.pg_depend d JOIN objects o USING (classid, objid)
               WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
    OR EXISTS (SELECT FROM pg_catalog.pg_amproc a WHERE a.oid >= 16384)"""
IS_VOLATILE = """
SELECT coalesce(pg_catalog.bool_or(p.provolatile = 'v'), true)
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) = %(name)s"""


def bare(text):
    """What a text and what pgaudit's CSV makes of it have in common."""
    return re.sub(r'[\s"\\;]+', "", text)


class Causes:
    """`ask` runs one query where the text ran, and gives its only cell; None where it cannot be asked. `earlier`: bare texts of
    the session."""

    def __init__(self, ask, text, earlier):
        self.ask, self.text, self.earlier = ask, bare(text), earlier

    def own(self, act):
        """The act is of the statement itself, as it stands or as rules rewrote it, and not of a function."""
        if not act.text:  # of a body that was parsed with its function
            return False
        # What triggers call comes with the statement's text.
        called = bare(act.object.split(".")[-1]).lower() if act.kind == "FUNCTION" else ""
        return called in self.text.lower() and bare(act.text) in self.text

    def only_reads(self, act):
        """A call of a function that is not volatile: what it reads is another act."""
        return act.kind == "FUNCTION" and act.command == "EXECUTE" and self.ask(IS_VOLATILE, name=act.object) is False

    def of(self, act, statements):
        kinds = " and ".join(dict.fromkeys(statement["kind"] for statement in statements))
        actions = {action for statement in statements for action in statement["actions"]}
        if all(statement["kind"] == "explain" for statement in statements):
            return "planned by EXPLAIN"
        if FOREIGN_KEY.match(act.text):
            return "foreign key"
        names = [name for statement in statements for name in statement["tables"]]
        if self.own(act):
            return f"{act.kind} {act.command} by {kinds}"
        if DECLARED.match(act.text) and bare(act.text) in self.earlier:
            return f"{act.kind} {act.command} by an earlier statement"
        if kinds == "commit" and "withhold" in self.earlier.lower():
            return "cursor WITH HOLD"
        if names and self.ask(HAS_TRIGGER, names=names):
            return "trigger"
        if {"ddl", "grant"} & actions and self.ask(HAS_EVENT_TRIGGER):
            return "event trigger"
        if names and self.ask(HAS_FUNCTION, names=names):
            return "function of a definition"
        return f"{act.kind} {act.command} inside of {kinds}"

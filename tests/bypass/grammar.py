# SPDX-License-Identifier: Apache-2.0
"""Statements at random, over tables with sensitive columns. Pure: the same Random gives the same statement. Nothing in them
depends on time or chance, so that two databases that differ in sensitive values alone must answer alike."""

TABLES = {
    "people": [("id", "int"), ("name", "text"), ("ssn", "text"), ("pin", "bigint"), ("born", "date"), ("photo", "bytea"), ("doc", "jsonb"), ("tags", "array"),
               ("balance", "int"), ("code", "text")],
    "contacts": [("id", "int"), ("name", "text"), ("number", "text")],
    "shouted": [("id", "int"), ("loud", "text")],
    "kept": [("id", "int"), ("s", "text"), ("p", "bigint")],
    "holders": [("id", "int")],
    "orders": [("id", "int"), ("customer", "int"), ("item", "text"), ("price", "bigint")],
    "notes": [("id", "int"), ("body", "text")],
}
SECRET = {"ssn", "pin", "born", "photo", "doc", "tags", "code", "number", "loud", "s", "p"}
FUNCTION_TABLES = {
    "all_people()": TABLES["people"],
    "people_table()": [("number", "int"), ("word", "text")],
    "unnest(ARRAY[1, 2, 3])": [("unnest", "int")],
    "generate_series(1, 3)": [("generate_series", "int")],
}
LITERALS = {
    "int": ["0", "1", "2", "7", "NULL::int"], "bigint": ["0::bigint", "5000000000", "NULL::bigint"], "text": ["'x'", "''", "'Q'", "'M%'", "NULL::text", "'{}'", "'1'"],
    "bool": ["true", "false", "NULL::bool"], "date": ["date '2000-01-01'", "NULL::date"], "bytea": ["'\\x00'::bytea", "'ab'::bytea"], "jsonb": ["'{}'::jsonb", "'[1]'::jsonb"],
    "array": ["ARRAY['a', 'b']", "'{}'::text[]"],
}
# {type} is an expression of that type.
EXPRESSIONS = {
    "text": ["upper({text})", "lower({text})", "reverse({text})", "md5({text})", "left({text}, {small})", "right({text}, {small})", "substr({text}, {small}, {small})", "({text} || {text})",
             "concat({text}, {int}, {text})", "coalesce({text}, {text})", "nullif({text}, {text})", "greatest({text}, {text})", "least({text}, {text})", "replace({text}, {text}, {text})",
             "translate({text}, 'QZX', 'abc')", "{int}::text", "{bigint}::text", "{date}::text", "{jsonb}::text", "{array}::text", "{bool}::text", "encode({bytea}, 'hex')", "encode({bytea}, 'base64')",
             "({jsonb} ->> 'word')", "({array})[{small}]", "array_to_string({array}, '')", "split_part({text}, 'V', {small})", "repeat({text}, {small})", "lpad({text}, 9)", "quote_literal({text})",
             "format('%s', {text})", "to_char({bigint}, '9999999999')", "to_char({date}, 'YYYYMMDD')", "substring({text} from '^.')", "regexp_replace({text}, '(.)', '\\1-')", "initcap({text})",
             "({text})::varchar(3)", "({text})::char(5)", "({text} COLLATE \"C\")", "to_hex({bigint})", "pg_typeof({text})::text", "jsonb_typeof({jsonb})", "xmlelement(name a, {text})::text",
             "substring({text} from {text})", "overlay({text} placing 'x' from 1)", "(SELECT max({text}))", "{aggregate}", "{scalar}", "{case}", "convert_from({bytea}, 'UTF8')", "ssn_of({int})", "to_json({text})::text"],
    "int": ["length({text})", "ascii({text})", "strpos({text}, {text})", "({int} + {int})", "cardinality({array})", "bit_length({text})", "octet_length({bytea})", "({bool})::int", "hashtext({text})", "coalesce({int}, 1)",
            "nullif({int}, {int})", "array_position({array}, {text})", "num_nulls({text}, {text})", "get_byte({bytea}, 0)", "({date} - date '2000-01-01')", "extract(year from {date})::int", "pg_column_size({text})",
            "array_length({array}, 1)", "({text})::int", "mod({int}, 5)", "({int} / {int})"],
    "bigint": ["({bigint} + {int})", "({bigint} % 1000)", "abs({bigint})", "coalesce({bigint}, 0::bigint)", "(-{bigint})", "({text})::bigint", "hashtextextended({text}, 1)", "({jsonb} ->> 'pin')::bigint", "({bigint} * 2)"],
    "bool": ["({text} = {text})", "({text} < {text})", "({text} LIKE {text})", "({text} ~ '^Q')", "({text} IS NULL)", "({int} > {int})", "({bigint} > {bigint})", "({bool} AND {bool})", "NOT {bool}", "starts_with({text}, {text})",
             "({date} < {date})", "({jsonb} ? 'word')", "({array} && {array})", "({text} IN ({text}, {text}))", "({text} IS DISTINCT FROM {text})", "({bool} IS TRUE)", "({text} BETWEEN {text} AND {text})", "({text} = ANY ({array}))"],
    "date": ["({date} + {int})", "coalesce({date}, date '2000-01-01')", "greatest({date}, {date})", "date_trunc('year', {date})::date", "({text})::date", "nullif({date}, {date})"],
    "bytea": ["convert_to({text}, 'UTF8')", "({bytea} || {bytea})", "sha256({bytea})", "substring({bytea} from 1 for {small})", "textsend({text})", "decode(md5({text}), 'hex')", "int8send({bigint})"],
    "jsonb": ["to_jsonb({text})", "jsonb_build_object('a', {text})", "jsonb_build_array({bigint}, {text})", "({jsonb} || {jsonb})", "({jsonb} -> 'word')", "to_jsonb({array})", "jsonb_set({jsonb}, '{{a}}', to_jsonb({text}))",
              "jsonb_path_query_array({jsonb}, '$.*')", "to_jsonb({row})", "jsonb_agg({text})"],
    "array": ["ARRAY[{text}, {text}]", "string_to_array({text}, 'X')", "({array} || {text})", "array_remove({array}, {text})", "regexp_match({text}, '^(.)(.)')", "array_append({array}, {text})", "({array})[1:{small}]", "array_agg({text})",
              "ARRAY({column})"],
}
# Always the same value; that they ran shows elsewhere (WATCHED).
TRACED = ["nextval('counter') > 0", "random() > 2", "set_config('a.b', '1', false) = '1'", "EXISTS (SELECT 1 FROM orders)", "(SELECT count(*) FROM orders) > 0", "mumble(1) = 1"]
EXPRESSIONS["bool"] += ["({bool} AND {traced})", "({bool} OR {traced})", "coalesce({bool}, {traced})", "({bool} IN ({bool}, {traced}))", "(({text}, {traced}) = ({text}, true))", "({text} IN (SELECT item FROM orders))",
                        "({bool} BETWEEN {bool} AND {traced})"]
EXPRESSIONS["text"] += ["({text}).kept_text"]
WATCHED = ("DELETE FROM notes WHERE id > 2; SELECT setval('counter', 1), setseed(0.5), set_config('a.b', '0', false); {query}; SELECT last_value, current_setting('a.b') FROM counter; SELECT random(); SELECT count(*) FROM notes")
SEEDS = ["7", "(SELECT max(id) FROM orders)", "(SELECT pin FROM public.people WHERE id = 1)"]
AGGREGATES = ["max({text})", "min({text})", "string_agg({text}, '')", "count({text})::text", "sum({int})::text", "json_agg({text})::text", "array_agg({text})::text", "bool_or({bool})::text", "jsonb_object_agg({int}, {text})::text", "xmlagg(xmlelement(name a, {text}))::text"]
WINDOWS = ["lag({text}) OVER (ORDER BY {clear})", "first_value({text}) OVER ()", "lag({text}, {small}) OVER ()", "count({text}) OVER ()", "max({text}) OVER (PARTITION BY {clear})", "string_agg({text}, '') OVER ()", "row_number() OVER (ORDER BY {clear})",
           "ntile({small}) OVER ()", "nth_value({text}, {small}) OVER ()", "rank() OVER (ORDER BY {text})"]
SETS = ["generate_series(1, {small})", "unnest({array})", "regexp_split_to_table({text}, 'V')", "jsonb_each_text({jsonb})", "regexp_matches({text}, '^(.)')", "jsonb_array_elements({jsonb})", "generate_series(1, least({int}, 4))"]
FAILING = ["({text})::int", "({text})::regclass", "({text})::regtype", "({text})::date", "({text})::uuid", "({text})::jsonpath", "({text})::tsquery", "({text})::json", "({text})::xml", "({text})::inet", "({text})::regrole", "({text})::interval", "1 / {int}",
           "has_table_privilege({text}, 'select')", "current_setting({text})", "({text})::regproc", "({text})::orders", "({text})::bit(4)", "to_date({text}, 'YYYY')", "decode({text}, 'hex')", "('' ~ ({text} || '('))", "({bigint})::int", "({text})::money", "nextval({text})",
           "complain({int})", "mumble({int})", "chr(-{int})", "({text})::point", "pg_get_viewdef({text})", "date_trunc({text}, {date})", "parse_ident({text})", "({text})::regnamespace", "to_regclass({text})", "xpath({text}, '<a/>')", "({text})::numeric(2)"]


def is_several(text):
    return text.startswith(WATCHED[:WATCHED.index(";")])


class Grammar:
    def __init__(self, random):
        self.random = random
        self.scopes = [[]]   # of each query: (alias, columns, table)
        self.names = 0
        self.aggregates = 0.06

    def pick(self, things):
        return self.random.choice(list(things))

    def chance(self, share):
        return self.random.random() < share

    def name(self):
        self.names += 1
        return f"{self.pick('abcxyz')}{self.names}"

    # --- expressions
    def columns(self, kind=None, clear=False):
        return [(alias, column) for alias, columns, _ in self.scopes[-1] for column, its in columns
                if (kind is None or its == kind) and (not clear or column in ("id", "customer", "item", "price", "body", "balance"))]

    def column(self, kind):
        found = self.columns(kind)
        if not found:
            return self.pick(LITERALS[kind])
        secret = [each for each in found if each[1] in SECRET]
        alias, column = self.pick(secret if secret and self.chance(0.6) else found)
        if "." in alias:
            return f"{alias}.{column}"
        return self.pick([f"{alias}.{column}", f"{alias}.{column}", f"({alias}).{column}", column if len(self.scopes[-1]) == 1 else f"{alias}.{column}"])

    def clear(self):
        found = self.columns(clear=True)
        return "{}.{}".format(*self.pick(found)) if found else "1"

    def expression(self, kind, depth=3):
        if depth <= 0 or self.chance(0.3):
            return self.pick(LITERALS[kind]) if self.chance(0.15) else self.column(kind)
        return self.fill(self.pick(EXPRESSIONS[kind]), depth - 1)

    def fill(self, pattern, depth):
        out, rest = "", pattern
        while "{" in rest:
            before, _, rest = rest.partition("{")
            if rest.startswith("{"):
                out, rest = out + before + "{", rest[1:]
                continue
            what, _, rest = rest.partition("}")
            out += before + self.part(what, depth)
        return (out + rest).replace("}}", "}")

    def part(self, what, depth):
        if what == "small":
            # Sometimes a number that depends on a value, where a number is expected.
            return f"least({self.expression('int', 1)}, 4)" if self.chance(0.06) else str(self.random.randint(1, 4))
        if what == "clear":
            return self.clear()
        if what == "traced":
            return self.pick(TRACED)
        if what == "aggregate":
            return self.subquery([self.fill(self.pick(AGGREGATES), 1)], correlated=False)
        if what == "scalar":
            return self.subquery(None, limit=True)
        if what == "column":
            return self.subquery(None)[1:-1]
        if what == "row":
            return self.pick([alias for alias, _, _ in self.scopes[-1]] or ["'x'::text"])
        if what == "case":
            condition = f"{self.clear()}::text = '1'" if self.chance(0.8) else self.expression("bool", depth)
            return f"CASE WHEN {condition} THEN {self.expression('text', depth)} ELSE {self.expression('text', depth)} END"
        return self.expression(what, depth)

    # --- queries
    def subquery(self, targets, limit=False, correlated=True):
        self.scopes.append([])
        text = self.from_clause(1)
        if targets is None or not correlated:
            targets = [self.fill(self.pick(AGGREGATES), 1) if targets else self.expression("text", 2)]
        self.scopes.pop()
        return f"(SELECT {targets[0]} FROM {text}{' LIMIT 1' if limit else ''})"

    def source(self, depth):
        alias = self.name()
        roll = self.random.random()
        if roll < 0.62 or depth <= 0:
            table = self.pick(["people", "people", "people", "contacts", "shouted", "kept", "orders", "notes", "holders"])
            columns = TABLES[table]
            if table == "people" and self.chance(0.06) and not any(a == "public.people" for scope in self.scopes for a, _, _ in scope):
                self.scopes[-1].append(("public.people", columns, None))
                return self.pick(["public.people", "other.people CROSS JOIN public.people", "public.people CROSS JOIN other.people"])
            if self.chance(0.1) and len(columns) > 2:
                renamed = [(self.name(), kind) for _, kind in columns]
                self.scopes[-1].append((alias, renamed, table))
                return f"public.{table} AS {alias} ({', '.join(column for column, _ in renamed)})"
            self.scopes[-1].append((alias, columns, table))
            sample = f" TABLESAMPLE bernoulli (50) REPEATABLE ({self.pick(SEEDS)})" if table == "orders" and self.chance(0.05) else ""
            return f"{'public.' if table == 'people' or self.chance(0.3) else ''}{table} {alias}{sample}"
        if roll < 0.74:
            function = self.pick(FUNCTION_TABLES)
            columns = FUNCTION_TABLES[function]
            if len(columns) == 1:
                columns = [(alias, columns[0][1])]
            self.scopes[-1].append((alias, columns, None))
            return f"{function} {alias}"
        query, columns = self.query(depth - 1)
        self.scopes[-1].append((alias, columns, None))
        return f"({query}) {alias} ({', '.join(column for column, _ in columns)})"

    def from_clause(self, depth):
        text = self.source(depth)
        for _ in range(self.pick([0, 0, 0, 1, 1, 2])):
            join = self.pick([" CROSS JOIN ", " LEFT JOIN ", " JOIN ", ", "])
            here = list(self.scopes[-1])
            right = self.source(depth)
            if "JOIN" in join and "CROSS" not in join:
                left = [(a, c) for a, columns, _ in here for c, _ in columns if c == "id"]
                mine = [(a, c) for a, columns, _ in self.scopes[-1][len(here):] for c, _ in columns if c in ("id", "customer")]
                on = f"{left[0][0]}.{left[0][1]} = {mine[0][0]}.{mine[0][1]}" if left and mine else "true"
                text += f"{join}{right} ON {on}"
            else:
                text += f"{join}{right}"
        return text

    def target(self):
        roll = self.random.random()
        if roll < 0.62:
            kind = self.pick(["text", "text", "text", "int", "bigint", "bool", "date", "bytea", "jsonb", "array"])
            return self.expression(kind), kind
        if roll < 0.7:
            alias = self.pick([alias for alias, _, _ in self.scopes[-1]])
            return self.pick([f"{alias}", f"{alias}::text", f"ROW({alias}.*)", f"to_jsonb({alias})", f"row_to_json({alias})"]), "other"
        if roll < 0.78:
            return self.fill(self.pick(WINDOWS), 1), "other"
        if roll < 0.82:
            return self.fill(self.pick(SETS), 1), "other"
        if roll < 0.86:
            return self.fill(self.pick(FAILING), 1), "other"
        if roll < 0.9:
            holders = [alias for alias, _, table in self.scopes[-1] if table == "holders"]
            if holders:
                return self.pick(["{}.person", "({}.person).ssn", "({}.person).pin", "({}.person)::text", "({}.person).doc"]).format(holders[0]), "other"
        return self.column("int"), "int"

    def query(self, depth=2):
        """Text, and its columns as (name, type)."""
        if depth > 0 and self.chance(0.12):
            first, columns = self.query(depth - 1)
            second, others = self.query(depth - 1)
            if len(columns) == len(others) and all(a[1] == b[1] and a[1] != "other" for a, b in zip(columns, others)):
                return f"({first}) UNION ALL ({second})", columns
            return first, columns
        if depth > 0 and self.chance(0.1):
            inner, columns = self.query(depth - 1)
            name = self.name()
            self.scopes.append([(name, columns, None)])
            targets = [self.target() for _ in range(self.pick([1, 2]))]
            self.scopes.pop()
            named = [(self.name(), kind) for _, kind in targets]
            listed = ", ".join(f"{text} AS {column}" for (text, _), (column, _) in zip(targets, named))
            how = self.pick(["", " MATERIALIZED", " NOT MATERIALIZED"])
            return f"WITH {name} ({', '.join(column for column, _ in columns)}) AS{how} ({inner}) SELECT {listed} FROM {name}", named
        self.scopes.append([])
        text = self.from_clause(depth)
        if self.chance(0.1):
            targets = [(self.fill(self.pick(AGGREGATES), 2), "text") for _ in range(self.pick([1, 2]))]
        else:
            targets = [self.target() for _ in range(self.pick([1, 1, 2, 3]))]
        named = [(self.name() if self.chance(0.8) else self.pick(["id", "name", "item"]) + str(self.names), kind) for _, kind in targets]
        out = "SELECT " + ", ".join(f"{expression} AS {column}" for (expression, _), (column, _) in zip(targets, named)) + f" FROM {text}"
        if self.chance(0.15):
            out += f" WHERE {self.clear()} IS NOT NULL"
        elif self.chance(0.05):
            out += f" WHERE {self.expression('bool', 2)}"
        if self.chance(0.1):
            out += f" LIMIT {self.random.randint(1, 3)}"
        self.scopes.pop()
        return out, named

    def statement(self):
        """Text, and whether it is one query (that COPY and cursors take)."""
        roll = self.random.random()
        query, columns = self.query()
        if roll < 0.08:
            return WATCHED.format(query=query), False
        if roll < 0.1:
            self.scopes.append([("p", TABLES["people"], "people")])
            first, again = self.pick(LITERALS["text"]), self.expression("text", 2)
            self.scopes.pop()
            return (f"WITH RECURSIVE s (x, n) AS (SELECT {first}, 0 UNION ALL SELECT {again}, n + 1 FROM s JOIN public.people p ON p.id = n + 1)"
                    f" CYCLE {self.pick(['x', 'n', 'x, n'])} SET c USING path SELECT {self.pick(['n', 'n, x', 'count(*)'])} FROM s"), True
        if roll < 0.8:
            return query, True
        if roll < 0.84:
            return f"EXPLAIN ({self.pick(['VERBOSE', 'COSTS off', 'ANALYZE, TIMING off, SUMMARY off, BUFFERS off', 'FORMAT json'])}) {query}", False
        if roll < 0.9:
            self.scopes.append([("public.people", TABLES["people"], "people")])
            targets = ", ".join(self.expression("text", 2).replace("public.people.", "people.").replace("(public.people)", "(people)") for _ in range(2))
            self.scopes.pop()
            return f"UPDATE public.people SET balance = 0 WHERE id = {self.random.randint(1, 3)} RETURNING {targets}", True
        if roll < 0.93:
            return f"SELECT {', '.join(f'q.{column}' for column, _ in columns)}, q FROM ({query}) q ({', '.join(column for column, _ in columns)})", True
        if roll < 0.96:
            return f"SELECT row_to_json(q), q::text FROM ({query}) q", True
        if roll < 0.98:
            return f"DO $do$ DECLARE r record; BEGIN FOR r IN {query} LOOP RAISE NOTICE '%', r; END LOOP; END $do$", False
        return f"SELECT count(*), count(DISTINCT q::text) FROM ({query}) q", True

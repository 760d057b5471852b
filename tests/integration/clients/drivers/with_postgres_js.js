// SPDX-License-Identifier: Apache-2.0
// postgres.js in ordinary use: it pipelines what it can. Argument: a table of its own.
const fs = require('node:fs');
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');
const postgres = require('postgres');

const options = { ssl: { ca: fs.readFileSync(process.env.PGSSLROOTCERT), host: process.env.PGHOST }, max: 3, onnotice: () => {} };
const log = (...values) => console.log(...values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))));

async function fails(title, doing) {
  try {
    await doing();
    log(title, 'did not fail');
  } catch (error) {
    log(title, error.code, error.message, error.constraint_name || '');
  }
}

async function main(name) {
  const sql = postgres(options);
  const table = sql(name);
  await sql`CREATE TABLE ${table} (id int PRIMARY KEY, words text, price numeric, list int[], doc jsonb)`;
  await sql`INSERT INTO ${table} ${sql(Array.from({ length: 30 }, (_, i) => ({ id: i + 1, words: `wörd ${i}`, price: i / 4, list: [i], doc: { n: i } })))}`;
  log('rows', await sql`SELECT * FROM ${table} WHERE id IN ${sql([1, 2, 3])} ORDER BY id`);
  log('types', await sql`SELECT 1::int2 a, 2::int8 b, 1.5::float4 c, 12.340::numeric e, true f, NULL::text g, 'x'::char(3) h,
    ${Buffer.from([0, 255])}::bytea i, '2026-01-02 03:04:05+00'::timestamptz j, '1 day 2 hours'::interval k,
    ARRAY['a', NULL, 'c,d'] l, '{"a": [1]}'::jsonb m`);
  log('pipelined', (await Promise.all(Array.from({ length: 200 }, (_, i) => sql`SELECT ${i}::int AS n`))).reduce((sum, [row]) => sum + row.n, 0));
  await fails('transaction', () => sql.begin(async (tx) => {
    await tx`INSERT INTO ${table} (id) VALUES (100)`;
    await fails('savepoint', () => tx.savepoint((inner) => inner`INSERT INTO ${table} (id) VALUES (1)`));
    log('inside', await tx`SELECT count(*)::int FROM ${table}`);
    await tx`SELECT 1 / 0`;
  }));
  log('rolled back', await sql`SELECT count(*)::int FROM ${table}`);
  log('begin with pipeline', await sql.begin((tx) => [tx`SELECT 1 AS a`, tx`SELECT 2 AS b`]));
  const blocks = [];
  await sql`SELECT id FROM ${table} ORDER BY id`.cursor(7, (rows) => { blocks.push(rows.map((row) => row.id)); });
  log('cursor', blocks);
  let sum = 0;
  await sql`SELECT generate_series(1, 5000) AS n`.forEach((row) => { sum += row.n; });
  log('each', sum);
  await pipeline(Readable.from(Array.from({ length: 2000 }, (_, i) => `${i + 1000}\tcopied ${i}\n`)),
    await sql`COPY ${table} (id, words) FROM STDIN`.writable());
  let copied = '';
  for await (const part of await sql`COPY (SELECT id, words FROM ${table} ORDER BY id DESC LIMIT 3) TO STDOUT`.readable()) copied += part;
  log('copy', copied);
  log('simple', await sql`SELECT 1 AS a; SELECT 2 AS b`.simple());
  log('described', (await sql`SELECT id, words FROM ${table} WHERE id = ${1}`.describe()).columns.map((column) => [column.name, column.type]));
  const heard = new Promise((resolve) => { sql.listen(name, resolve, () => sql.notify(name, 'a payload')); });
  log('notify', await heard);
  await fails('cancelled', () => {
    const query = sql`SELECT pg_sleep(60)`;
    const timer = setInterval(() => query.cancel(), 100);
    return query.finally(() => clearInterval(timer));
  });
  const large = await sql`SELECT i, repeat('x', 100) AS x FROM generate_series(1, 30000) i`;
  log('large', large.length, large.reduce((total, row) => total + row.i, 0));
  await sql`DROP TABLE ${table}`;
  await sql.end();
}

main(process.argv[2]).catch((error) => { console.error(error); process.exit(1); });

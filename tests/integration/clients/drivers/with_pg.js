// SPDX-License-Identifier: Apache-2.0
// node-postgres in ordinary use, with its cursor, query stream and copy streams. Argument: a table of its own.
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');
const QueryStream = require('pg-query-stream');
const { from, to } = require('pg-copy-streams');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const fs = require('node:fs');

const words = {
  host: process.env.PGHOST,
  ssl: { ca: fs.readFileSync(process.env.PGSSLROOTCERT) },
};
const log = (...values) => console.log(...values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))));

async function fails(title, doing) {
  try {
    await doing();
    log(title, 'did not fail');
  } catch (error) {
    log(title, error.code, error.message, error.constraint || '');
  }
}

async function main(table) {
  const client = new Client(words);
  const heard = [];
  client.on('notification', ({ channel, payload }) => heard.push([channel, payload]));
  client.on('notice', (notice) => log('notice', notice.severity, notice.message));
  await client.connect();
  await client.query(`CREATE TABLE ${table} (id int PRIMARY KEY, words text, price numeric, at timestamptz, list int[], doc jsonb)`);
  for (let i = 1; i <= 30; ++i)
    await client.query({ name: 'insert', text: `INSERT INTO ${table} VALUES ($1, $2, $3, $4, $5, $6)`,
      values: [i, `wörd ${i}`, i / 4, new Date(Date.UTC(2026, 0, 2)), [i, null], { n: i }] });
  log('rows', (await client.query(`SELECT * FROM ${table} WHERE id < $1 ORDER BY id`, [4])).rows);
  const typed = await client.query(`SELECT 1::int2 a, 2::int8 b, 1.5::float4 c, 'NaN'::float8 d, 12.340::numeric e, true f, NULL::text g,
    'x'::char(3) h, '\\x00ff'::bytea i, '2026-01-02 03:04:05+00'::timestamptz j, '1 day 2 hours'::interval k,
    ARRAY['a', NULL, 'c,d'] l, '{"a": [1]}'::jsonb m, $1::uuid n`, ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']);
  log('types', typed.rows, typed.fields.map((field) => [field.name, field.dataTypeID, field.format]));
  log('binary', (await client.query({ text: 'SELECT $1::int AS n, $2::text AS t', values: [7, 'x'], binary: true })).rows);
  log('several', (await client.query('SELECT 1 AS a; SELECT 2 AS b')).map((result) => result.rows));
  await client.query('BEGIN');
  await client.query('SAVEPOINT here');
  await fails('error', () => client.query(`INSERT INTO ${table} (id) VALUES (1)`));
  await fails('aborted', () => client.query('SELECT 1'));
  await client.query('ROLLBACK TO SAVEPOINT here');
  log('updated', (await client.query(`UPDATE ${table} SET words = upper(words) WHERE id < 4 RETURNING id, words`)).rows);
  await client.query('ROLLBACK');

  const cursor = client.query(new Cursor(`SELECT id FROM ${table} WHERE id > $1 ORDER BY id`, [5]));
  log('cursor', await cursor.read(4), await cursor.read(2));
  await cursor.close();
  let sum = 0;
  for await (const row of client.query(new QueryStream('SELECT generate_series(1, $1::int) AS n', [5000], { batchSize: 100 }))) sum += row.n;
  log('stream', sum);
  const lines = Array.from({ length: 3000 }, (_, i) => `${i + 1000}\tcopied ${i}\n`);
  await pipeline(Readable.from(lines), client.query(from(`COPY ${table} (id, words) FROM STDIN`)));
  let copied = '';
  for await (const part of client.query(to(`COPY (SELECT id, words FROM ${table} ORDER BY id DESC LIMIT 3) TO STDOUT`))) copied += part;
  log('copy', copied);
  await fails('copy in fails', () => pipeline(Readable.from(['no number\n']), client.query(from(`COPY ${table} (id) FROM STDIN`))));
  const large = await client.query("SELECT i, repeat('x', 100) AS x FROM generate_series(1, 30000) i");
  log('large', large.rowCount, large.rows.reduce((total, row) => total + row.i, 0));
  await client.query('DROP TABLE IF EXISTS there_is_no_such_table');
  await client.query(`LISTEN ${table}`);
  await client.query(`NOTIFY ${table}, 'a payload'`);
  while (heard.length === 0) await client.query('SELECT 1');
  log('notify', heard);

  const pool = new Pool({ ...words, max: 3 });
  log('pool', await Promise.all([1, 2, 3, 4, 5, 6].map(async (n) => (await pool.query('SELECT $1::int * 2 AS n', [n])).rows[0].n)));
  await pool.end();
  await client.query(`DROP TABLE ${table}`);
  await client.end();
}

main(process.argv[2]).catch((error) => { console.error(error); process.exit(1); });

// SPDX-License-Identifier: Apache-2.0
// Knex over node-postgres: schema builder, pool, transactions, streams. Argument: a table of its own.
const fs = require('node:fs');
const knexOf = require('knex');

const log = (...values) => console.log(...values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))));

async function main(table) {
  const env = process.env;
  const knex = knexOf({ client: 'pg', pool: { min: 2, max: 4 }, connection: {
    host: env.PGHOST, port: Number(env.PGPORT), user: env.PGUSER, password: env.PGPASSWORD, database: env.PGDATABASE,
    ssl: { ca: fs.readFileSync(env.PGSSLROOTCERT) } } });
  await knex.schema.createTable(table, (t) => {
    t.increments('id');
    t.string('name').notNullable().unique();
    t.decimal('price', 10, 2).index();
    t.jsonb('doc');
  });
  log('insert', await knex(table).insert([1, 2, 3, 4].map((n) => ({ name: `n${n}`, price: n / 4, doc: { n } })), ['id', 'name']));
  log('select', await knex(table).where('price', '>', 0.3).orderBy('id').select('id', 'name', 'doc'));
  log('aggregate', await knex(table).sum('price as total').count('* as n').first());
  try {
    await knex.transaction(async (trx) => {
      await trx(table).where({ id: 1 }).update({ name: 'changed' });
      await trx.transaction((inner) => inner(table).insert({ name: 'n2' })).catch((error) => log('nested', error.code, error.constraint));
      log('inside', await trx(table).pluck('name'));
      throw new Error('thought better of it');
    });
  } catch (error) {
    log('rolled back', error.message, (await knex(table).pluck('name')).sort());
  }
  log('upsert', await knex(table).insert({ name: 'n3', price: 9 }).onConflict('name').merge(['price']).returning(['name', 'price']));
  let rows = 0;
  for await (const row of knex.select('*').fromRaw('generate_series(1, 3000) AS n').stream()) rows += row.n;
  log('stream', rows);
  log('columns', await knex(table).columnInfo(), await knex.schema.hasTable(table));
  await knex.batchInsert(table, Array.from({ length: 500 }, (_, n) => ({ name: `batch ${n}` })), 100);
  log('batch', await knex(table).count());
  await knex.schema.alterTable(table, (t) => { t.integer('more').defaultTo(7); });
  log('altered', await knex(table).where({ id: 1 }).first());
  await knex.schema.dropTable(table);
  await knex.destroy();
}

main(process.argv[2]).catch((error) => { console.error(error); process.exit(1); });

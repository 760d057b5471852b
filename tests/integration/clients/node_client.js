// SPDX-License-Identifier: Apache-2.0
// node-postgres inside a run: simple, parametrised and named prepared statements.
const { Client } = require('pg');

async function main() {
  const [host, port, id] = process.argv.slice(2);
  const client = new Client({ host, port: Number(port), user: 'alice', password: 'made-up', database: 'shop' });
  await client.connect();
  const plain = await client.query('SELECT name, ssn FROM customers ORDER BY id');
  console.log('plain', ...plain.rows.map((row) => `${row.name} ${row.ssn}`));
  for (const customer of [1, 2]) {
    const named = await client.query({ name: 'by-id', text: 'SELECT name, email FROM customers WHERE id = $1', values: [customer] });
    console.log('named', named.rows[0].name, named.rows[0].email);
  }
  await client.query('BEGIN');
  await client.query('INSERT INTO notes VALUES ($1, $2)', [Number(id), 'from node']);
  await client.query('COMMIT');
  console.log('peer', client.connection.stream.remoteAddress, client.connection.stream.remotePort);
  await client.end();
}

main().catch((error) => { console.error(error.message); process.exit(1); });

// SPDX-License-Identifier: Apache-2.0
// pgjdbc in ordinary use. Where to connect stands in the environment; argument: a table of its own.
import java.io.StringReader;
import java.io.StringWriter;
import java.sql.*;
import java.util.Arrays;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

public class WithPgjdbc {
  static String of(String name) { return System.getenv(name); }

  static Connection connect(String... more) throws SQLException {
    Properties words = new Properties();
    words.setProperty("user", of("PGUSER"));
    words.setProperty("password", of("PGPASSWORD"));
    words.setProperty("sslmode", of("PGSSLMODE"));
    words.setProperty("sslrootcert", of("PGSSLROOTCERT"));
    for (int i = 0; i < more.length; i += 2) words.setProperty(more[i], more[i + 1]);
    return DriverManager.getConnection(
        "jdbc:postgresql://" + of("PGHOST") + ":" + of("PGPORT") + "/" + of("PGDATABASE"), words);
  }

  static void show(String title, ResultSet rows) throws SQLException {
    StringBuilder line = new StringBuilder(title);
    ResultSetMetaData columns = rows.getMetaData();
    for (int i = 1; i <= columns.getColumnCount(); ++i)
      line.append(' ').append(columns.getColumnLabel(i)).append(':').append(columns.getColumnTypeName(i));
    while (rows.next()) {
      line.append(" |");
      for (int i = 1; i <= columns.getColumnCount(); ++i) {
        Object value = rows.getObject(i);
        line.append(' ').append(value instanceof byte[] ? Arrays.toString((byte[]) value) : String.valueOf(value));
      }
    }
    System.out.println(line);
  }

  static void fails(String title, Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
      System.out.println(title + " did not fail");
    } catch (SQLException error) {
      System.out.println(title + " " + error.getSQLState() + " " + error.getMessage());
    }
  }

  static void basics(Connection connection, String table) throws SQLException {
    System.out.println("server " + connection.getMetaData().getDatabaseProductVersion());
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE " + table + " (id serial PRIMARY KEY, words text, price numeric, at timestamptz, list int[])");
    }
    try (PreparedStatement insert = connection.prepareStatement(
             "INSERT INTO " + table + " (words, price, at, list) VALUES (?, ?, ?, ?)", Statement.RETURN_GENERATED_KEYS)) {
      for (int i = 1; i <= 200; ++i) {
        insert.setString(1, "wörd " + i);
        insert.setBigDecimal(2, new java.math.BigDecimal(i).movePointLeft(1));
        insert.setObject(3, java.time.OffsetDateTime.parse("2026-01-02T03:04:05Z"));
        insert.setArray(4, connection.createArrayOf("int4", new Integer[] {i, null}));
        insert.addBatch();
      }
      System.out.println("batch " + Arrays.stream(insert.executeBatch()).sum());
      ResultSet keys = insert.getGeneratedKeys();
      int sum = 0;
      while (keys.next()) sum += keys.getInt(1);
      System.out.println("keys " + sum);
    }
    // From the fifth execution on the server keeps the statement, and results are binary.
    try (PreparedStatement select = connection.prepareStatement("SELECT id, words, price, at, list FROM " + table + " WHERE id = ?")) {
      for (int i = 1; i <= 8; ++i) {
        select.setInt(1, i);
        show("prepared", select.executeQuery());
      }
    }
    try (Statement statement = connection.createStatement()) {
      show("types", statement.executeQuery(
          "SELECT 1::int2 a, 2::int8 b, 1.5::float4 c, 'NaN'::float8 d, 12.340::numeric e, true f, NULL::text g, 'x'::char(3) h, "
          + "'\\x00ff'::bytea i, '2026-01-02'::date j, '03:04:05'::time k, '1 day 2 hours'::interval l, "
          + "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid m, '{\"a\": [1]}'::jsonb n, '10.0.0.1'::inet o, int4range(1, 5) p"));
      System.out.println("several " + statement.execute("SELECT 1; UPDATE " + table + " SET words = words WHERE id < 4; SELECT 'x'"));
      show("first", statement.getResultSet());
      System.out.println("second " + statement.getMoreResults() + " " + statement.getUpdateCount());
      System.out.println("third " + statement.getMoreResults());
      show("third", statement.getResultSet());
    }
    try (CallableStatement call = connection.prepareCall("{ ? = call upper(?) }")) {
      call.registerOutParameter(1, Types.VARCHAR);
      call.setString(2, "called");
      call.execute();
      System.out.println("call " + call.getString(1));
    }
    show("metadata", connection.getMetaData().getColumns(null, "public", table, null));
    show("keys of it", connection.getMetaData().getPrimaryKeys(null, "public", table));
  }

  static void transactions(Connection connection, String table) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(30);
      ResultSet rows = statement.executeQuery("SELECT id, words FROM " + table + " ORDER BY id");
      int sum = 0;
      while (rows.next()) sum += rows.getInt(1);
      System.out.println("fetched by thirty " + sum);
      Savepoint here = connection.setSavepoint();
      fails("error", connection, "INSERT INTO " + table + " (id) VALUES (1)");
      fails("aborted", connection, "SELECT 1");
      connection.rollback(here);
      statement.executeUpdate("DELETE FROM " + table + " WHERE id > 100");
      connection.rollback();
      show("rolled back", statement.executeQuery("SELECT count(*) FROM " + table));
      statement.setFetchSize(1000);
      rows = statement.executeQuery("SELECT i, repeat('x', 100) FROM generate_series(1, 50000) i");
      long total = 0;
      while (rows.next()) total += rows.getInt(1) + rows.getString(2).length();
      System.out.println("large " + total);
    }
    connection.commit();
    connection.setAutoCommit(true);
    connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
    connection.setReadOnly(true);
    connection.setAutoCommit(false);
    fails("read only", connection, "DELETE FROM " + table + " WHERE id = 1");
    connection.rollback();
    connection.setAutoCommit(true);
    connection.setReadOnly(false);
  }

  static void copyAndNotify(Connection connection, String table) throws Exception {
    PGConnection own = connection.unwrap(PGConnection.class);
    StringBuilder lines = new StringBuilder();
    for (int i = 1000; i < 4000; ++i) lines.append(i).append("\tcopied\n");
    System.out.println("copy in " + own.getCopyAPI().copyIn("COPY " + table + " (id, words) FROM STDIN", new StringReader(lines.toString())));
    StringWriter out = new StringWriter();
    own.getCopyAPI().copyOut("COPY (SELECT id, words FROM " + table + " ORDER BY id DESC LIMIT 3) TO STDOUT WITH CSV", out);
    System.out.println("copy out " + out);
    try {
      own.getCopyAPI().copyIn("COPY " + table + " (id) FROM STDIN", new StringReader("no number\n"));
    } catch (SQLException error) {
      System.out.println("copy in fails " + error.getMessage());
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("LISTEN " + table);
      statement.execute("NOTIFY " + table + ", 'a payload'");
      for (PGNotification one : own.getNotifications(10000)) System.out.println("notify " + one.getName() + " " + one.getParameter());
    }
  }

  static void cancels(Connection connection) throws Exception {
    try (Statement statement = connection.createStatement()) {
      Thread canceller = new Thread(() -> {
        try {
          while (!Thread.interrupted()) {
            Thread.sleep(100);
            statement.cancel();
          }
        } catch (InterruptedException | SQLException end) {
          return;
        }
      });
      canceller.start();
      fails("cancelled", connection, "SELECT 1 / 0");
      try {
        statement.executeQuery("SELECT pg_sleep(60)");
      } catch (SQLException error) {
        System.out.println("cancelled " + error.getSQLState() + " " + error.getMessage());
      }
      canceller.interrupt();
      canceller.join();
      statement.setQueryTimeout(1);
      try {
        statement.executeQuery("SELECT pg_sleep(60)");
      } catch (SQLException error) {
        System.out.println("timed out " + error.getSQLState() + " " + error.getMessage());
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    String table = arguments[0];
    try (Connection connection = connect()) {
      basics(connection, table);
      transactions(connection, table);
      copyAndNotify(connection, table);
      cancels(connection);
    }
    try (Connection connection = connect("preferQueryMode", "simple"); Statement statement = connection.createStatement()) {
      show("simple mode", statement.executeQuery("SELECT id, words FROM " + table + " WHERE id < 3 ORDER BY id"));
    }
    try (Connection connection = connect("binaryTransfer", "true", "prepareThreshold", "-1", "autosave", "always", "reWriteBatchedInserts", "true");
         PreparedStatement insert = connection.prepareStatement("INSERT INTO " + table + " (id, words) VALUES (?, ?)")) {
      connection.setAutoCommit(false);
      for (int i = 9000; i < 9050; ++i) {
        insert.setInt(1, i);
        insert.setString(2, "rewritten");
        insert.addBatch();
      }
      System.out.println("rewritten batch " + insert.executeBatch().length);
      fails("autosave", connection, "SELECT 1 / 0");
      connection.commit();
      try (Statement statement = connection.createStatement()) {
        show("binary", statement.executeQuery("SELECT count(*), min(id), max(price), min(at) FROM " + table));
        connection.commit();
        statement.execute("DROP TABLE " + table);
        connection.commit();
      }
    }
  }
}

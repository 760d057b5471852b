// SPDX-License-Identifier: Apache-2.0
// Ways around the masks and the gate that somebody thought of: an agent (or a server) that makes us
// match a reply with the wrong statement, or judge by what is not true any more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness.h"

namespace sluice::session::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const Field kSsn{"ssn", kCustomers, 4, 25};
const Field kComputed{"upper", 0, 0, 25};
WorldOptions everything() {
  WorldOptions options;
  options.rules = kAllowAll;
  return options;
}
const char* const kSecret = "078-05-1120";

// The first sensitive column of a database can be younger than the catalogue: the server names a
// column that the catalogue does not know, and nothing in it is sensitive yet.
TEST(Masking, AColumnThatIsNewerThanTheCatalogueIsLookedUpAndElseMasked) {
  WorldOptions options = everything();
  options.sensitive = "[{ column: \"*.*.secret\", mask: redact }]";
  Harness h{options};
  h.logged_in();
  h.catalogs_asked.clear();
  h.agent(Say{}.query("select secret from orders"));
  h.server(
      Reply{}.columns({{"secret", kOrders, 9, 25}}).row({kSecret}).complete("SELECT 1").ready());
  EXPECT_FALSE(h.catalogs_asked.empty()) << "a newer catalogue may know it";
  EXPECT_EQ(h.agent_got(), "Columns secret ; Row [redacted] ; Complete SELECT 1 ; Ready I");
}

// A server in COPY IN ends the connection at any message but those of COPY; one that we had counted
// would shift every later reply by one.
TEST(CopyIn, TakesNoOtherStatementWhileItRuns) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("copy orders from stdin").query("select 1 as upper"));
  EXPECT_EQ(h.server_got(), "Query copy orders from stdin");
  h.server(Reply{}.copy_in());
  EXPECT_TRUE(h.closed.has_value());
  EXPECT_THAT(h.server_got(), Not(HasSubstr("select 1")));
}

// libpq sends Sync right behind the Execute of a COPY; the server ignores it there, and so it has
// no answer.
TEST(CopyIn, ASyncThatTheServerIgnoresIsNotWaitedFor) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.parse("", "copy orders from stdin").bind("", "").execute("").sync());
  h.server(Reply{}.parsed().bound().copy_in());
  h.agent(Say{}.copy_data("1\t2\tx\n").copy_done().sync());
  h.server(Reply{}.complete("COPY 1").ready());
  EXPECT_FALSE(h.closed.has_value());
  h.agent_got();
  h.agent(Say{}.query("select upper(ssn) from customers"));
  h.server(Reply{}.columns({kComputed}).row({kSecret}).complete("SELECT 1").ready());
  EXPECT_EQ(h.agent_got(), "Columns upper ; Row [redacted] ; Complete SELECT 1 ; Ready I");
}

TEST(CopyIn, GoesOnBehindAStatementThatIsWaitedFor) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("create table t (a int); copy orders from stdin"));
  h.server(Reply{}.complete("CREATE TABLE").copy_in());
  h.server_got();
  h.agent(Say{}.copy_data("1\t2\tx\n").copy_done());
  EXPECT_EQ(h.server_got(), "CopyData 1\t2\tx\n ; CopyDone");
}

// The same text means something else once backslashes escape.
// As libpq in its extended mode: the Sync is there before the server has said that it takes data.
TEST(CopyIn, ThatFailsAtOnceIsFollowedByTheSyncThatWaited) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.parse("", "copy orders from stdin").bind("", "").execute("").sync());
  EXPECT_THAT(h.server_got(), Not(HasSubstr("Sync")));
  h.server(Reply{}.parsed().bound().error("42501", "permission denied for table orders"));
  EXPECT_EQ(h.server_got(), "Sync");
  h.agent(Say{}.copy_data("1\n").copy_done());
  EXPECT_EQ(h.server_got(), "") << "dropped, as the server would";
  h.server(Reply{}.ready());
  EXPECT_FALSE(h.closed.has_value());
}

TEST(CopyIn, OfTwoTablesInOneQueryTakesTheDataOfBoth) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("copy orders from stdin; copy orders from stdin"));
  h.agent(Say{}.copy_data("a").copy_done().copy_data("b").copy_done().query("select 1"));
  h.server_got();
  h.server(Reply{}.copy_in());
  EXPECT_EQ(h.server_got(), "CopyData a ; CopyDone");
  h.server(Reply{}.complete("COPY 1").copy_in());
  EXPECT_EQ(h.server_got(), "CopyData b ; CopyDone ; Query select 1");
  h.server(Reply{}.complete("COPY 1").ready());
  EXPECT_EQ(h.agent_got(),
            "CopyInResponse ; Complete COPY 1 ; CopyInResponse ; Complete COPY 1 ; Ready I");
}

TEST(CopyIn, ASecondRequestForTheDataOfOneCopyEndsTheFlow) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("copy orders from stdin"));
  h.server(Reply{}.copy_in().copy_in());
  EXPECT_TRUE(h.closed.has_value());
}

TEST(Meaning, OfATextThatWasReadBeforeIsReadAgainAfterASettingChangesIt) {
  const std::string text = R"(select 'a\', id, ' from orders --')";
  Harness h;
  h.logged_in();
  h.agent(Say{}.query(text));
  h.server(Reply{}.error("42601", "x").ready());
  h.agent(Say{}.query("set standard_conforming_strings to off"));
  h.server(Reply{}.complete("SET").parameter("standard_conforming_strings", "off").ready());
  h.server_got();
  h.agent(Say{}.query(text));
  EXPECT_THAT(h.server_got(), Not(HasSubstr("orders")));
}

// A trigger or a default may switch it off, of which nobody hears before ReadyForQuery.
TEST(Meaning, OfATextThatReadsInTwoWaysIsKnownWhenWhatCameBeforeIsAnswered) {
  const std::string text = R"(select 'a\', id, ' from orders --')";
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("insert into orders values (1)").query(text));
  EXPECT_EQ(h.server_got(), "Query insert into orders values (1)");
  h.server(Reply{}.complete("INSERT 0 1").parameter("standard_conforming_strings", "off").ready());
  EXPECT_THAT(h.server_got(), Not(HasSubstr("orders")));
}

TEST(Meaning, OfBackslashesThatEndNoStringIsKnownAtOnce) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("insert into orders values (1)").query(R"(select 'a\d')"));
  EXPECT_THAT(h.server_got(), HasSubstr("select"));
}

// A snapshot that was asked for before the change does not show it.
TEST(Catalogue, AskedForBeforeAChangeIsNotTheOneAfterIt) {
  Harness h;
  h.logged_in();
  h.catalog_by_itself = false;
  h.now += std::chrono::seconds{60};
  h.agent(Say{}.query("create or replace view v as select 1"));
  h.server(Reply{}.complete("CREATE VIEW").ready());  // also asks for a newer one, by its age
  h.agent(Say{}.query("select id from orders"));
  h.server_got();
  h.give_catalog();
  EXPECT_EQ(h.server_got(), "") << "that was the older one";
  h.give_catalog();
  EXPECT_EQ(h.server_got(), "Query select id from orders");
}

// Executing a portal of what SQL prepared says nothing of what the name stands for by then.
TEST(Names, ThatWereGivenAnewAreNotForgottenWhenAnOldPortalEnds) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("begin"));
  h.server(Reply{}.complete("BEGIN").ready('T'));
  h.agent(Say{}.query("prepare a as select note from orders"));
  h.server(Reply{}.complete("PREPARE").ready('T'));
  h.agent(Say{}.bind("p", "a").sync());
  h.server(Reply{}.bound().ready('T'));
  h.agent(Say{}.query("deallocate a"));
  h.server(Reply{}.complete("DEALLOCATE").ready('T'));
  h.agent(Say{}.query("prepare a as select upper(ssn) from customers"));
  h.server(Reply{}.complete("PREPARE").ready('T'));
  h.agent(Say{}.execute("p").sync());
  h.server(Reply{}.columns({{"note", kOrders, 3, 25}}).complete("SELECT 0").ready('T'));
  h.agent(Say{}.bind("", "a").describe_portal("").execute("").sync());
  h.agent_got();
  h.server(Reply{}.bound().columns({kComputed}).row({kSecret}).complete("SELECT 1").ready('T'));
  EXPECT_FALSE(h.closed.has_value());
  EXPECT_THAT(h.agent_got(), HasSubstr("Row [redacted]"));
}

// What an aborted transaction had set is set back.
TEST(Names, ADescriptionMadeInATransactionIsVoidWhenThatFails) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("begin; set search_path to other"));
  h.server(Reply{}.complete("BEGIN").complete("SET").ready('T'));
  h.agent(Say{}.parse("s", "select t.x from t").describe_statement("s").sync());
  h.server(Reply{}.parsed().parameters({}).columns({{"x", kOrders, 3, 25}}).ready('T'));
  h.agent(Say{}.query("rollback"));
  h.server(Reply{}.complete("ROLLBACK").ready('I'));
  h.server_got();
  h.agent(Say{}.bind("", "s").execute("").sync());
  EXPECT_THAT(h.server_got(), HasSubstr("Describe P"));
}

// A pipeline that fails before the held message: the server skips that, and so nobody is asked any
// more and the answer is not kept for somebody else's statement.
TEST(Held, BehindAFailureIsWithdrawnAndSkipped) {
  Harness h;
  h.logged_in();
  h.agent(Say{}
              .parse("", "select missing from orders")
              .parse("", "delete from orders where id = 1")
              .bind("", "")
              .execute("")
              .sync());
  ASSERT_EQ(h.asks.size(), 1U);
  h.server(Reply{}.error("42703", "no such column"));
  EXPECT_EQ(h.withdrawn.size(), 1U);
  EXPECT_THAT(h.server_got(), HasSubstr("Sync"));
  h.server(Reply{}.ready());
  h.agent(Say{}.query("select 1"));
  EXPECT_EQ(h.server_got(), "Query select 1");
}

TEST(Approval, OfAParseDoesNotServeABindAfterNamesChangedTheirMeaning) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.parse("s", "delete from orders where id = 1").sync());
  h.decide(DecisionKind::kApproved);
  h.server(Reply{}.parsed().ready());
  h.agent(Say{}.query("set search_path to other"));
  h.server(Reply{}.complete("SET").ready());
  h.server_got();
  h.agent(Say{}.bind("", "s").execute("").sync());
  EXPECT_EQ(h.server_got(), "");
  EXPECT_EQ(h.asks.size(), 2U);
}

TEST(Server, ThatDescribesRowsNobodyAskedForEndsTheFlow) {
  Harness h;
  h.catalog_by_itself = false;
  h.agent(Say{}.startup());
  h.server(Reply{}.authentication_ok().key().ready());
  h.agent(Say{}.sync());
  h.server(Reply{}.columns({kSsn}).row({kSecret}));
  EXPECT_TRUE(h.closed.has_value());
  EXPECT_THAT(h.agent_got(), Not(HasSubstr(kSecret)));
}

TEST(Server, ThatFailsWhereNothingWasAskedEndsTheFlow) {
  Harness h;
  h.logged_in();
  h.server(Reply{}.error("P0001", kSecret));
  EXPECT_TRUE(h.closed.has_value());
  EXPECT_THAT(h.agent_got(), Not(HasSubstr(kSecret)));
}

// A deferred constraint speaks at COMMIT of rows that COMMIT does not name.
TEST(Error, OfACommitDoesNotQuoteARow) {
  Harness h;
  h.logged_in();
  h.agent(Say{}.query("commit"));
  h.server(
      Reply{}.error("23505", "duplicate key", "Key (ssn)=(078-05-1120) already exists.").ready());
  EXPECT_THAT(h.agent_got(), Not(HasSubstr(kSecret)));
}

// chr() says which number it was given, dblink_disconnect() which name. What says neither is shown.
TEST(Error, SaysNothingThatIsComputedFromAValue) {
  struct Said {
    const char* sqlstate;
    bool shown;
  };
  for (const auto& [sqlstate, shown] :
       {Said{"54000", false}, Said{"08003", false}, Said{"08001", false}, Said{"55P04", false},
        Said{"22003", false}, Said{"54001", true}, Said{"55000", true}, Said{"57014", true},
        Said{"08P01", true}}) {
    Harness h{everything()};
    h.logged_in();
    h.agent(Say{}.query("select upper(ssn) from customers"));
    h.server(Reply{}.error_fields({{'C', sqlstate}, {'M', "it is 173512687"}}).ready());
    EXPECT_EQ(h.agent_got().find("173512687") != std::string::npos, shown) << sqlstate;
    h.agent(Say{}.query("select 1"));
    h.server(Reply{}.error_fields({{'C', sqlstate}, {'M', "it is 42"}}).ready());
    EXPECT_THAT(h.agent_got(), HasSubstr("it is 42")) << sqlstate;
  }
}

// ssn::regclass names the value as a relation that is not there. Where the server says at which
// place of the text a name stands, it is the agent's own.
TEST(Error, QuotesANameOnlyWhereItStandsInTheText) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("select upper(ssn) from customers"));
  h.server(Reply{}
               .error_fields({{'C', "42P01"}, {'M', "relation \"078-05-1120\" does not exist"}})
               .ready());
  EXPECT_THAT(h.agent_got(), AllOf(HasSubstr("42P01"), Not(HasSubstr(kSecret))));
  h.agent(Say{}.query("select upper(ssn) from customers, nothing"));
  h.server(
      Reply{}
          .error_fields({{'C', "42P01"}, {'P', "35"}, {'M', "relation \"nothing\" does not exist"}})
          .ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("nothing"));
}

// RAISE chooses its own code, and what the names of a table and a column are said to be.
TEST(Error, RaisedInsideOfAFunctionIsNotBelievedByItsCode) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("update customers set name = 'x' where id = 1"));
  h.server(Reply{}
               .error_fields({{'C', "23505"},
                              {'M', "there is 078-05-1120"},
                              {'t', "078-05-1120"},
                              {'c', "078-05-1120"},
                              {'H', "078-05-1120"},
                              {'W', "PL/pgSQL function noisy() line 1 at RAISE"}})
               .ready());
  EXPECT_THAT(h.agent_got(), AllOf(HasSubstr("23505"), Not(HasSubstr(kSecret))));
}

TEST(Error, OfWhatAFunctionGaveOrATableThatNobodyKnowsDoesNotQuoteIt) {
  for (const char* text : {"select looks_up(1)::int", "select x::int from made_a_moment_ago"}) {
    Harness h{everything()};
    h.logged_in();
    h.agent(Say{}.query(text));
    h.server(
        Reply{}.error("22P02", "invalid input syntax for type integer: \"078-05-1120\"").ready());
    EXPECT_THAT(h.agent_got(), AllOf(HasSubstr("22P02"), Not(HasSubstr(kSecret)))) << text;
  }
}

// nullif(ssn, '1') would tell by its NULL.
TEST(Masking, HidesTheNullOfWhatIsComputed) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("select upper(ssn), ssn from customers"));
  h.server(Reply{}
               .columns({kComputed, kSsn})
               .row({std::nullopt, std::nullopt})
               .row({kSecret, kSecret})
               .complete("SELECT 2")
               .ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("Row [redacted]|NULL ; Row [redacted]|[redacted]"));
}

// Its mask takes the length of the value, so neither has one.
TEST(Masking, HidesTheNullOfFixedLength) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("select upper(ssn) from customers"));
  Field fixed{"upper", 0, 0, 1042};
  fixed.modifier = 24;
  h.server(Reply{}
               .columns({fixed})
               .row({std::nullopt})
               .row({"078-05-1120         "})
               .complete("SELECT 2")
               .ready());
  EXPECT_THAT(h.agent_got(), HasSubstr("Row NULL ; Row NULL"));
}

TEST(HalfClose, WaitsForWhatTheAgentSaidBeforeIt) {
  Harness h;
  h.logged_in();
  h.catalog_by_itself = false;
  h.agent(Say{}.query("create table t (a int)").query("select 1"));
  h.server_got();
  h.input(SideClosed{Side::kAgent});
  EXPECT_FALSE(h.finished_upstream);
  h.server(Reply{}.complete("CREATE TABLE").ready());
  h.give_catalog();
  EXPECT_EQ(h.server_got(), "Query select 1");
  h.server(Reply{}.columns({{"?column?", 0, 0, 23}}).row({"1"}).complete("SELECT 1").ready());
  EXPECT_TRUE(h.finished_upstream);
}

// What an open transaction has made is in no catalogue: "lower" may be a function of its own.
TEST(Catalogue, ThatCannotHaveWhatTheTransactionMadeIsNotTrusted) {
  const std::string made =
      "create function public.lower(text) returns text language sql as 'select $1'";
  const std::string use = "select lower(ssn) from customers";
  WorldOptions options = everything();
  options.more_of_resource = "on_sensitive_copy: deny";
  {
    Harness h{options};
    h.logged_in();
    h.agent(Say{}.query("begin"));
    h.server(Reply{}.complete("BEGIN").ready('T'));
    h.agent(Say{}.query(made));
    h.server(Reply{}.complete("CREATE FUNCTION").ready('T'));
    h.server_got();
    h.agent(Say{}.query(use));
    EXPECT_THAT(h.server_got(), Not(HasSubstr("customers")));
    h.server(Reply{}.error("42601", "x").ready('E'));
    EXPECT_THAT(h.agent_got(), HasSubstr("42501"));
    h.agent(Say{}.query("rollback"));
    h.server(Reply{}.complete("ROLLBACK").ready());
    h.server_got();
    h.agent(Say{}.query(use));
    EXPECT_EQ(h.server_got(), "Query " + use) << "it is over";
  }
  Harness h{options};
  h.logged_in();
  h.agent(Say{}.query(made + "; " + use));
  EXPECT_THAT(h.server_got(), Not(HasSubstr("customers"))) << "in one query";
}

// The daemon's own connection would wait for the locks that the transaction holds.
TEST(Catalogue, IsNotAskedForANewNameBeforeTheTransactionThatChangesItEnds) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("begin"));
  h.server(Reply{}.complete("BEGIN").ready('T'));
  h.catalogs_asked.clear();
  h.agent(Say{}.query("alter table customers add column extra int"));
  h.server(Reply{}.complete("ALTER TABLE").ready('T'));
  h.agent(Say{}.query("select * from not_there_yet"));
  h.server(Reply{}.columns({{"a", 99999, 1, 25}}).row({kSecret}).complete("SELECT 1").ready('T'));
  EXPECT_THAT(h.agent_got(), Not(HasSubstr(kSecret))) << "nobody knows the table";
  EXPECT_TRUE(h.catalogs_asked.empty());
  h.agent(Say{}.query("commit"));
  h.server(Reply{}.complete("COMMIT").ready());
  h.agent(Say{}.query("select 1"));
  EXPECT_EQ(h.catalogs_asked.size(), 1u);
}

// What others have changed since is not believed for as long as an agent keeps a transaction open.
TEST(Catalogue, IsRenewedWithinATransactionThatChangesIt) {
  Harness h{everything()};
  h.logged_in();
  h.agent(Say{}.query("begin"));
  h.server(Reply{}.complete("BEGIN").ready('T'));
  h.agent(Say{}.query("create temp table scratch (a int)"));
  h.server(Reply{}.complete("CREATE TABLE").ready('T'));
  for (int minute = 0; minute < 3; ++minute) {
    h.catalogs_asked.clear();
    h.now += std::chrono::minutes{1};
    h.agent(Say{}.query("select 1"));
    h.server(Reply{}.columns({{"a", 0, 0, 23}}).row({"1"}).complete("SELECT 1").ready('T'));
    ASSERT_EQ(h.catalogs_asked.size(), 1u) << minute;
    EXPECT_FALSE(h.catalogs_asked[0].fresh) << "many sessions can share one reading";
  }
}

TEST(Catalogue, ThatTakesLongToReadIsReadOnceForANameThatItLacks) {
  Harness h{everything()};
  h.logged_in();
  h.now += std::chrono::seconds{5};
  h.catalog_by_itself = false;
  h.catalogs_asked.clear();
  h.agent(Say{}.query("select * from nowhere"));
  EXPECT_EQ(h.server_got(), "");
  h.now += std::chrono::seconds{5};
  h.give_catalog();
  EXPECT_EQ(h.server_got(), "Query select * from nowhere");
  EXPECT_EQ(h.catalogs_asked.size(), 1u);
}

// The server plans a prepared statement anew; so EXECUTE is judged by the view as it is now.
TEST(Execute, OfWhatWasPreparedBeforeAnotherCatalogueIsAnalysedAnew) {
  for (const std::string by : {"prepare p as select upper(note) from extra", ""}) {
    Harness h{everything()};
    h.world.next_catalog(5005, "id:23 note");
    h.logged_in();
    if (by.empty()) {
      h.agent(Say{}.parse("p", "select upper(note) from extra").sync());
      h.server(Reply{}.parsed().ready());
    } else {
      h.agent(Say{}.query(by));
      h.server(Reply{}.complete("PREPARE").ready());
    }
    const auto execute = [&] {
      h.agent_got();
      h.agent(Say{}.query("execute p"));
      h.server(Reply{}.columns({kComputed}).row({kSecret}).complete("SELECT 1").ready());
      return h.agent_got();
    };
    EXPECT_THAT(execute(), HasSubstr(kSecret));
    // Somebody made "extra" anew, without that column.
    h.world.next_catalog(5005, "id:23 email");
    h.agent(Say{}.query("create table t (a int)"));
    h.server(Reply{}.complete("CREATE TABLE").ready());
    EXPECT_THAT(execute(), Not(HasSubstr(kSecret))) << by;
  }
}

}  // namespace
}  // namespace sluice::session::test

// SPDX-License-Identifier: Apache-2.0
#include "sql/statement_table.h"

#include <string>
#include <unordered_map>
#include <unordered_set>

namespace sluice::sql {
namespace {

const std::unordered_map<std::string_view, StatementRow>& statements() {
  using K = StatementKind;
  static const auto kTable = [] {
    const ActionSet ddl{Action::kDdl}, grant{Action::kGrant}, session{Action::kSession},
        transaction{Action::kTransaction}, host{Action::kHost},
        ddl_host{Action::kDdl, Action::kHost}, ddl_grant{Action::kDdl, Action::kGrant},
        // Indexes call the functions of their operator classes.
        ddl_call{Action::kDdl, Action::kCall}, ddl_read{Action::kDdl, Action::kRead}, none{};
    const StatementRow rows[] = {
        // Queries; their actions are found in the tree.
        {"SelectStmt", K::kSelect, none},
        {"InsertStmt", K::kInsert, none},
        {"UpdateStmt", K::kUpdate, none},
        {"DeleteStmt", K::kDelete, none},
        {"MergeStmt", K::kMerge, none},
        {"TruncateStmt", K::kTruncate, {Action::kDelete}},
        {"CopyStmt", K::kOther, none},
        {"ExplainStmt", K::kExplain, {Action::kRead}},
        {"PrepareStmt", K::kPrepare, none},
        {"ExecuteStmt", K::kExecute, none},
        {"DeallocateStmt", K::kDeallocate, session},
        {"DeclareCursorStmt", K::kDeclareCursor, none},
        {"FetchStmt", K::kFetch, none},
        {"ClosePortalStmt", K::kCloseCursor, session},
        {"CreateTableAsStmt", K::kCreateTableAs, ddl},
        {"ViewStmt", K::kCreateView, ddl},
        {"DoStmt", K::kDo, {Action::kCall}},
        {"CallStmt", K::kCall, {Action::kCall}},
        {"TransactionStmt", K::kOther, transaction},
        {"LockStmt", K::kLock, transaction},
        {"ConstraintsSetStmt", K::kOther, transaction},
        {"VariableSetStmt", K::kSet, none},
        {"VariableShowStmt", K::kShow, {Action::kRead}},
        {"DiscardStmt", K::kDiscard, session},
        {"ListenStmt", K::kListen, session},
        {"UnlistenStmt", K::kUnlisten, session},
        {"NotifyStmt", K::kNotify, session},
        // Rights.
        {"GrantStmt", K::kGrant, grant},
        {"GrantRoleStmt", K::kGrant, grant},
        {"AlterDefaultPrivilegesStmt", K::kGrant, grant},
        {"CreateRoleStmt", K::kGrant, grant},
        {"AlterRoleStmt", K::kGrant, grant},
        {"AlterRoleSetStmt", K::kGrant, grant},
        {"DropRoleStmt", K::kGrant, grant},
        {"ReassignOwnedStmt", K::kGrant, ddl_grant},
        {"DropOwnedStmt", K::kGrant, {Action::kGrant, Action::kDdl, Action::kDelete}},
        {"SecLabelStmt", K::kGrant, grant},
        {"AlterOwnerStmt", K::kGrant, ddl_grant},
        {"CreatePolicyStmt", K::kGrant, ddl_grant},
        {"AlterPolicyStmt", K::kGrant, ddl_grant},
        // Out of SQL: files, processes, configuration, network.
        {"AlterSystemStmt", K::kHost, host},
        {"LoadStmt", K::kHost, host},
        {"CheckPointStmt", K::kHost, host},
        {"CreatedbStmt", K::kHost, ddl_host},
        {"DropdbStmt", K::kHost, ddl_host},
        {"AlterDatabaseStmt", K::kHost, ddl_host},
        {"AlterDatabaseRefreshCollStmt", K::kHost, ddl_host},
        {"AlterDatabaseSetStmt", K::kHost, ddl_host},
        {"CreateTableSpaceStmt", K::kHost, ddl_host},
        {"DropTableSpaceStmt", K::kHost, ddl_host},
        {"AlterTableSpaceOptionsStmt", K::kHost, ddl_host},
        {"AlterTableMoveAllStmt", K::kHost, ddl_host},
        {"CreateExtensionStmt", K::kHost, ddl_host},
        {"AlterExtensionStmt", K::kHost, ddl_host},
        {"AlterExtensionContentsStmt", K::kHost, ddl_host},
        {"CreatePLangStmt", K::kHost, ddl_host},
        {"CreateFdwStmt", K::kHost, ddl_host},
        {"AlterFdwStmt", K::kHost, ddl_host},
        {"CreateForeignServerStmt", K::kHost, ddl_host},
        {"AlterForeignServerStmt", K::kHost, ddl_host},
        {"CreateUserMappingStmt", K::kHost, ddl_host},
        {"AlterUserMappingStmt", K::kHost, ddl_host},
        {"DropUserMappingStmt", K::kHost, ddl_host},
        {"CreateForeignTableStmt", K::kHost, ddl_host},
        {"ImportForeignSchemaStmt", K::kHost, ddl_host},
        {"CreatePublicationStmt", K::kHost, ddl_host},
        {"AlterPublicationStmt", K::kHost, ddl_host},
        {"CreateSubscriptionStmt", K::kHost, ddl_host},
        {"AlterSubscriptionStmt", K::kHost, ddl_host},
        {"DropSubscriptionStmt", K::kHost, ddl_host},
        {"CreateAmStmt", K::kHost, ddl_host},
        {"CreateTransformStmt", K::kHost, ddl_host},
        {"CreateConversionStmt", K::kHost, ddl_host},
        // The shape of the database.
        {"AlterTableStmt", K::kDdl, ddl},
        {"AlterDomainStmt", K::kDdl, ddl},
        {"AlterTypeStmt", K::kDdl, ddl},
        {"AlterEnumStmt", K::kDdl, ddl},
        {"AlterFunctionStmt", K::kDdl, ddl},
        {"AlterObjectDependsStmt", K::kDdl, ddl},
        {"AlterObjectSchemaStmt", K::kDdl, ddl},
        {"AlterOperatorStmt", K::kDdl, ddl},
        {"AlterOpFamilyStmt", K::kDdl, ddl_call},
        {"AlterSeqStmt", K::kDdl, ddl},
        {"AlterStatsStmt", K::kDdl, ddl},
        {"AlterCollationStmt", K::kDdl, ddl},
        {"AlterTSConfigurationStmt", K::kDdl, ddl},
        {"AlterTSDictionaryStmt", K::kDdl, ddl},
        {"AlterEventTrigStmt", K::kDdl, ddl_grant},
        {"ClusterStmt", K::kDdl, ddl},
        {"CommentStmt", K::kDdl, ddl},
        {"CompositeTypeStmt", K::kDdl, ddl},
        {"CreateCastStmt", K::kDdl, ddl},
        {"CreateDomainStmt", K::kDdl, ddl},
        {"CreateEnumStmt", K::kDdl, ddl},
        {"CreateEventTrigStmt", K::kDdl, ddl},
        {"CreateFunctionStmt", K::kDdl, ddl},
        {"CreateOpClassStmt", K::kDdl, ddl_call},
        {"CreateOpFamilyStmt", K::kDdl, ddl},
        {"CreateRangeStmt", K::kDdl, ddl},
        {"CreateSchemaStmt", K::kDdl, ddl},
        {"CreateSeqStmt", K::kDdl, ddl},
        {"CreateStatsStmt", K::kDdl, ddl},
        {"CreateStmt", K::kDdl, ddl},
        {"CreateTrigStmt", K::kDdl, ddl},
        {"DefineStmt", K::kDdl, ddl},
        {"DropStmt", K::kDdl, ddl},
        {"IndexStmt", K::kDdl, ddl},
        {"RefreshMatViewStmt", K::kDdl, ddl_read},
        {"ReindexStmt", K::kDdl, ddl},
        {"RenameStmt", K::kDdl, ddl},
        {"ReplicaIdentityStmt", K::kDdl, ddl},
        {"RuleStmt", K::kDdl, ddl},
        {"VacuumStmt", K::kDdl, ddl},
    };
    std::unordered_map<std::string_view, StatementRow> table;
    for (const StatementRow& row : rows) table.emplace(row.tag, row);
    return table;
  }();
  return kTable;
}

}  // namespace

const StatementRow* statement_row(std::string_view tag) {
  const auto found = statements().find(tag);
  return found == statements().end() ? nullptr : &found->second;
}

bool defines_what_runs(std::string_view tag) {
  static const std::unordered_set<std::string_view> kDefining = {
      "CreateFunctionStmt", "AlterFunctionStmt",   "DefineStmt",        "CreateCastStmt",
      "CreateDomainStmt",   "AlterDomainStmt",     "CreateTrigStmt",    "CreateEventTrigStmt",
      "RuleStmt",           "CreateOpClassStmt",   "AlterOpFamilyStmt", "AlterObjectSchemaStmt",
      "RenameStmt",         "CreateExtensionStmt", "CreateSchemaStmt",  "CreateTransformStmt"};
  return kDefining.contains(tag);
}

bool names_types_only(std::string_view tag) {
  static const std::unordered_set<std::string_view> kNaming = {"DropStmt",
                                                               "CommentStmt",
                                                               "SecLabelStmt",
                                                               "RenameStmt",
                                                               "AlterOwnerStmt",
                                                               "AlterObjectSchemaStmt",
                                                               "AlterObjectDependsStmt",
                                                               "AlterExtensionContentsStmt",
                                                               "CreateCastStmt",
                                                               "GrantStmt"};
  return kNaming.contains(tag);
}

bool is_plain_node(std::string_view tag) {
  static const std::unordered_set<std::string_view> kPlain = {
      // expressions
      "A_ArrayExpr", "A_Const", "A_Indices", "A_Indirection", "A_Star", "BitString", "BoolExpr",
      "Boolean", "BooleanTest", "CaseExpr", "CaseWhen", "CoalesceExpr", "CollateClause",
      "ColumnRef", "CurrentOfExpr", "Float", "GroupingFunc", "GroupingSet", "Integer", "List",
      "MinMaxExpr", "MultiAssignRef", "NamedArgExpr", "NullTest", "ParamRef", "ResTarget",
      "RowExpr", "SQLValueFunction", "SetToDefault", "SortBy", "String", "SubLink", "TypeCast",
      "WindowDef", "XmlExpr", "XmlSerialize",
      // the FROM clause and around
      "Alias", "CTECycleClause", "CTESearchClause", "InferClause", "IndexElem", "IntoClause",
      "JoinExpr", "LockingClause", "MergeWhenClause", "OnConflictClause", "RangeFunction",
      "RangeSubselect", "RangeTableFunc", "RangeTableFuncCol", "TypeName",
      // parts of definitions
      "AccessPriv", "AlterTableCmd", "ColumnDef", "Constraint", "CreateOpClassItem", "DefElem",
      "FunctionParameter", "ObjectWithArgs", "PartitionBoundSpec", "PartitionCmd", "PartitionElem",
      "PartitionRangeDatum", "PartitionSpec", "PublicationObjSpec", "PublicationTable",
      "ReturnStmt", "RoleSpec", "StatsElem", "TableLikeClause", "TriggerTransition",
      "VacuumRelation"};
  return kPlain.contains(tag);
}

}  // namespace sluice::sql

// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's volatile functions and those that read more than their arguments, by what they do.
// A volatile function of pg_catalog that is not here is unknown. Names hold in any schema: an
// extension may stand anywhere.
#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "sql/functions.h"

namespace sluice::sql {
namespace {

struct Group {
  ActionSet actions;
  FunctionResult result;
  std::string_view names;  // separated by blanks
  bool keeps_arguments = false;
  bool of_extensions = false;
};

const std::vector<Group>& groups() {
  using enum FunctionResult;
  static const std::vector<Group> kGroups = {
      // The server's files.
      {{Action::kHost},
       kOpaque,
       "pg_read_file pg_read_binary_file pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_tmpdir "
       "pg_ls_archive_statusdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir "
       "pg_ls_summariesdir pg_stat_file pg_current_logfile pg_file_read pg_file_write "
       "pg_file_sync pg_file_rename pg_file_unlink pg_file_length pg_logdir_ls pg_read_file_old "
       "pg_read_file_v2 pg_hba_file_rules pg_ident_file_mappings pg_show_all_file_settings "
       "pg_file_settings lo_import lo_export pg_config pg_relation_filepath get_raw_page "
       "page_header heap_page_items heap_page_item_attrs fsm_page_contents bt_page_items "
       "bt_metap bt_page_stats brin_page_items gin_leafpage_items gist_page_items "
       "hash_page_items tuple_data_split pg_walinspect"},
      // Other processes, replication, configuration, and everything about the whole server.
      {{Action::kHost},
       kClear,
       "pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile "
       "pg_rotate_logfile_old pg_logical_emit_message pg_create_restore_point pg_switch_wal "
       "pg_switch_xlog pg_promote pg_wal_replay_pause pg_wal_replay_resume pg_backup_start "
       "pg_backup_stop pg_start_backup pg_stop_backup pg_log_backend_memory_contexts "
       "pg_log_standby_snapshot pg_stat_reset pg_stat_reset_shared pg_stat_reset_slru "
       "pg_stat_reset_single_table_counters pg_stat_reset_single_function_counters "
       "pg_stat_reset_replication_slot pg_stat_reset_subscription_stats "
       "pg_stat_reset_backend_stats pg_stat_statements_reset pg_stat_force_next_flush "
       "pg_create_physical_replication_slot pg_create_logical_replication_slot "
       "pg_copy_physical_replication_slot pg_copy_logical_replication_slot "
       "pg_drop_replication_slot pg_replication_slot_advance pg_sync_replication_slots "
       "pg_replication_origin_create pg_replication_origin_drop "
       "pg_replication_origin_session_setup pg_replication_origin_session_reset "
       "pg_replication_origin_session_is_setup pg_replication_origin_session_progress "
       "pg_replication_origin_xact_setup pg_replication_origin_xact_reset "
       "pg_replication_origin_advance pg_replication_origin_progress "
       "pg_show_replication_origin_status "
       "pg_prewarm autoprewarm_start_worker autoprewarm_dump_now pg_buffercache_evict "
       "pg_buffercache_pages pg_truncate_visibility_map heap_force_kill heap_force_freeze "
       "pg_import_system_collations pg_restore_relation_stats pg_restore_attribute_stats "
       "pg_clear_relation_stats pg_clear_attribute_stats pg_restore_extended_stats "
       "pg_clear_extended_stats postgres_fdw_disconnect postgres_fdw_disconnect_all"},
      // Decoded changes and other databases: any value of any table.
      {{Action::kHost},
       kOpaque,
       "pg_logical_slot_get_changes pg_logical_slot_peek_changes "
       "pg_logical_slot_get_binary_changes "
       "pg_logical_slot_peek_binary_changes dblink dblink_exec dblink_connect dblink_connect_u "
       "dblink_open dblink_fetch dblink_close dblink_send_query dblink_get_result "
       "dblink_get_notify dblink_disconnect dblink_cancel_query dblink_is_busy "
       "dblink_error_message dblink_get_connections dblink_current_query "
       "postgres_fdw_get_connections"},
      // SQL in a string.
      {{Action::kUnknown},
       kOpaque,
       "query_to_xml query_to_xmlschema query_to_xml_and_xmlschema table_to_xml "
       "table_to_xmlschema table_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema "
       "schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema database_to_xml "
       "database_to_xmlschema database_to_xml_and_xmlschema ts_stat ts_rewrite crosstab crosstab2 "
       "crosstab3 crosstab4 connectby xpath_table plpgsql_call_handler plpgsql_inline_handler "
       "fmgr_sql_validator fmgr_c_validator fmgr_internal_validator "
       // Made of a trigger's arguments: any table and any columns.
       "check_foreign_key check_primary_key"},
      // Session state.
      {{Action::kSession},
       kFromArguments,
       "set_config setseed pg_notify pg_listening_channels set_limit isn_weak "
       "pg_advisory_lock "
       "pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_shared "
       "pg_advisory_unlock_all pg_try_advisory_lock pg_try_advisory_lock_shared "
       "pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_xact_lock "
       "pg_try_advisory_xact_lock_shared "
       // A trigger's: it notifies of the keys of the rows.
       "triggered_change_notification"},
      {{Action::kTransaction}, kClear, "pg_export_snapshot txid_current pg_current_xact_id"},
      // Sequences and large objects. A large object may hold anything.
      {{Action::kUpdate},
       kClear,
       "nextval setval lo_creat lo_create lo_put lo_from_bytea lowrite lo_write lo_truncate "
       "lo_truncate64 lo_close lo_lseek lo_lseek64 lo_tell lo_tell64 "
       "brin_summarize_new_values brin_summarize_range brin_desummarize_range "
       // Triggers': a sequence that an argument names, and columns of the row that is written.
       "autoinc insert_username moddatetime"},
      // How many entries wait to be put in: none where a new value is as the old one was.
      {{Action::kUpdate}, kOpaque, "gin_clean_pending_list"},
      {{Action::kDelete}, kClear, "lo_unlink lo_manage"},
      {{Action::kRead}, kOpaque, "lo_get"},
      // Where the next reading begins tells how much this one was to read, and of what.
      {{Action::kRead}, kOpaque, "loread lo_open lo_read", true},
      // Texts of other sessions' statements, and samples of column values.
      {{Action::kRead},
       kOpaque,
       "pg_stat_get_activity pg_stat_get_backend_activity pg_stat_statements "
       "pg_prepared_statement pg_cursor pg_stat_get_progress_info pg_get_multixact_members "
       "pgstattuple_value pg_stat_monitor pg_get_backend_memory_contexts"},
      // How much was logged, and whether an index got an entry: by how far a new value is like the
      // one that it replaced.
      {{Action::kRead},
       kOpaque,
       "pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_stat_get_wal "
       "pg_stat_get_backend_wal pg_stat_get_wal_senders "
       "pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_newpage_updated "
       "pg_stat_get_tuples_hot_updated pg_stat_get_tuples_newpage_updated "
       "pg_stat_get_dead_tuples pg_stat_get_replication_slot pg_last_wal_receive_lsn "
       "pg_last_wal_replay_lsn "
       "pg_stat_get_archiver pg_stat_get_wal_receiver pg_stat_get_subscription "
       "pg_get_replication_slots pg_control_checkpoint pg_control_recovery "
       "pg_stat_get_bgwriter_buf_written_checkpoints pg_stat_get_bgwriter_buf_written_clean "
       "pg_stat_get_bgwriter_maxwritten_clean pg_stat_get_buf_written_backend "
       "pg_stat_get_buf_fsync_backend pg_stat_get_checkpointer_buffers_written "
       "pg_stat_get_checkpointer_slru_written"},
      // How much was put aside in files or read for long values, what was looked up in the
      // catalogue, and which functions ran: by a value, where an expression depends on one.
      {{Action::kRead},
       kOpaque,
       "pg_tablespace_size pg_stat_get_db_temp_bytes pg_stat_get_db_temp_files "
       "pg_stat_get_db_blocks_fetched "
       "pg_stat_get_db_blocks_hit pg_stat_get_db_tuples_returned pg_stat_get_db_tuples_fetched "
       "pg_stat_get_blocks_fetched pg_stat_get_blocks_hit pg_stat_get_numscans "
       "pg_stat_get_lastscan pg_stat_get_tuples_returned pg_stat_get_tuples_fetched "
       "pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit pg_stat_get_xact_numscans "
       "pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_fetched "
       "pg_stat_get_function_calls pg_stat_get_function_total_time "
       "pg_stat_get_function_self_time pg_stat_get_xact_function_calls "
       "pg_stat_get_xact_function_total_time pg_stat_get_xact_function_self_time "
       "pg_stat_have_stats pg_stat_get_buf_alloc pg_stat_get_io pg_stat_get_backend_io "
       "pg_stat_get_slru"},
      // Rows of a table that is named by a value.
      {{Action::kUnknown}, kOpaque, "currtid2 pg_extension_config_dump"},
      // Extensions' own in C that look at a setting or a dictionary, or take what is random, and
      // compute.
      {{Action::kRead},
       kFromArguments,
       "unaccent similarity_op similarity_dist word_similarity_op word_similarity_commutator_op "
       "strict_word_similarity_op strict_word_similarity_commutator_op show_limit "
       "pgp_sym_encrypt pgp_sym_encrypt_bytea pgp_pub_encrypt pgp_pub_encrypt_bytea",
       false,
       true},
      // Made of nothing but chance and the moment, PostgreSQL's own and extensions'.
      {{Action::kRead},
       kClear,
       "gen_random_uuid gen_random_bytes gen_salt uuid_generate_v1 uuid_generate_v1mc "
       "uuid_generate_v4",
       false,
       true},
      // Harmless, though volatile.
      {{Action::kRead},
       kClear,
       "random random_normal pg_sleep pg_sleep_for pg_sleep_until currval lastval "
       "pg_sequence_last_value pg_partition_tree pg_partition_ancestors current_query "
       "pg_stat_get_recovery_prefetch pg_get_wal_resource_managers "
       "clock_timestamp timeofday uuidv4 uuidv7 "
       "pg_is_in_recovery "
       "pg_last_xact_replay_timestamp pg_is_wal_replay_paused "
       "pg_get_wal_replay_pause_state pg_backend_pid txid_current_if_assigned "
       "pg_current_xact_id_if_assigned pg_stat_clear_snapshot pg_relation_size "
       "pg_total_relation_size pg_table_size pg_indexes_size pg_database_size "
       "pg_blocking_pids pg_safe_snapshot_blocking_pids pg_isolation_test_session_is_blocked "
       "pg_lock_status pg_get_keywords pg_prepared_xact "
       "pg_timezone_names pg_timezone_abbrevs pg_show_all_settings pg_available_extensions "
       "pg_available_extension_versions "
       "pg_notification_queue_usage "
       "pg_jit_available pg_control_system "
       "pg_control_init pg_get_shmem_allocations pg_trigger_depth pg_xact_commit_timestamp "
       "pg_xact_commit_timestamp_origin pg_last_committed_xact pg_xact_status txid_status "
       "pg_collation_actual_version pg_database_collation_actual_version pg_tablespace_databases "
       "pg_column_size pg_filenode_relation pg_lsn_now "
       "pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_updated "
       "pg_stat_get_xact_tuples_deleted "
       // Triggers', of the row that is written alone.
       "suppress_redundant_updates_trigger tsvector_update_trigger "
       "tsvector_update_trigger_column"},
  };
  return kGroups;
}

std::unordered_map<std::string_view, KnownFunction> make_table() {
  std::unordered_map<std::string_view, KnownFunction> table;
  for (const Group& group : groups()) {
    std::string_view rest = group.names;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      const std::string_view name = rest.substr(0, end);
      if (!name.empty())
        table.emplace(name, KnownFunction{name, group.actions, group.result, group.keeps_arguments,
                                          group.of_extensions});
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return table;
}

}  // namespace

const KnownFunction* known_function(std::string_view name) {
  static const auto kTable = make_table();
  const auto found = kTable.find(name);
  if (found != kTable.end()) return &found->second;
  // Families that grow with each release of PostgreSQL.
  static const KnownFunction kHostFamily{"", {Action::kHost}, FunctionResult::kOpaque};
  for (const std::string_view prefix : {"dblink", "binary_upgrade_", "pg_ls_", "pg_replication_",
                                        "pg_logical_slot_", "pg_read_", "pg_get_wal_"})
    if (name.starts_with(prefix)) return &kHostFamily;
  return nullptr;
}

}  // namespace sluice::sql
